import { parseSchedule } from '@keyturn/aws/schedule-expression';
import { requiredGrace } from '@keyturn/rotation/grace';

import type { Config, PolicyConfig, ProviderConfig } from './config.ts';
import { formatDuration } from './duration.ts';
import { entry } from './entry.ts';
import { holdOffFactor, leastHoldOff } from './hold-off.ts';
import type { Problems } from './problem.ts';
import { acknowledgingReaders, readersOf } from './readers-of.ts';
import { timingOf } from './timing.ts';

const hourMs = 3_600_000;

/** Every policy must suit every provider: tags may join any two. */
export function* checkPolicies(config: Config): Problems {
  for (const [id, policy] of Object.entries(config.policies)) {
    const at = `policies.${id}`;
    for (const [index, reader] of policy.readers.entries()) {
      if (entry(config.readers, reader) !== undefined) continue;
      yield { field: `${at}.readers.${index}`, message: `there is no reader ${reader}` };
    }
    yield* maxGraceProblems(at, policy);
    if (policy.acceptOutage) {
      yield* outageProblems(at, policy);
      continue;
    }
    yield* lapseProblems(policy, config);
    for (const [name, provider] of Object.entries(config.providers)) {
      for (const { field, message } of timeProblems(policy, provider, config)) {
        yield { field: `${at}.${field}`, message: `with provider ${name}: ${message}` };
      }
    }
  }
}

// What it says of the old key has to be true: it does not work any more.
function* outageProblems(at: string, { schedule, window, grace, holdOff }: PolicyConfig): Problems {
  if (parseSchedule(schedule)?.kind !== 'cron') {
    yield { field: `${at}.schedule`, message: 'has to be a cron(…) with acceptOutage: it says when requests may fail' };
  }
  if (window === undefined) {
    yield { field: `${at}.window`, message: 'is missing: acceptOutage needs to know for how long requests may fail' };
  }
  if (grace !== 0) {
    const message = `${formatDuration(grace)} is misleading with acceptOutage, where the old key ends at once: say 0s`;
    yield { field: `${at}.grace`, message };
  }
  if (holdOff !== undefined) {
    yield { field: `${at}.holdOff`, message: 'is of no use with acceptOutage: every second of it is an outage' };
  }
}

function* timeProblems(policy: PolicyConfig, provider: ProviderConfig, config: Config): Problems {
  const { revocation } = provider;
  const least = leastHoldOff(policy, provider);
  const holdOff = policy.holdOff ?? least;
  yield* graceProblems(policy, provider, config);
  yield* unusedForProblems(policy, provider);
  yield* tooShort('holdOff', holdOff, least, holdOffSum(policy, provider));
  yield* tooShort('propagationBudget', policy.propagationBudget, holdOff, 'of hold-off');
  yield* tooShort('soak', policy.soak, revocation, 'until every node refuses a disabled key (revocation)');
}

function* graceProblems({ grace, readers }: PolicyConfig, provider: ProviderConfig, config: Config): Problems {
  const { eventLagMs, marginMs } = timingOf(config);
  const revocationCacheMs = provider.revocation;
  const required = requiredGrace(readersOf(readers, config), { eventLagMs, marginMs, revocationCacheMs });
  if (grace >= required.totalMs) return;
  const sum = required.parts.filter(({ ms }) => ms > 0).map(({ name, ms }) => `${formatDuration(ms)} ${name}`);
  const message = `${formatDuration(grace)} is too short, it takes ${formatDuration(required.totalMs)}: ${sum.join(' + ')}`;
  yield { field: 'grace', message };
}

// A key that was used before the statistics begin, or so shortly ago that they do not tell it yet, would pass for one that nobody uses.
function* unusedForProblems({ unusedFor }: PolicyConfig, { usage }: ProviderConfig): Problems {
  if (unusedFor === undefined || usage === undefined) return;
  yield* tooShort('unusedFor', unusedFor, usage.lag + hourMs, 'until a call shows in the statistics (lag + 1h)');
  if (unusedFor <= usage.range) return;
  const message = `${formatDuration(unusedFor)} is too long: the statistics are read ${formatDuration(usage.range)} back`;
  yield { field: 'unusedFor', message };
}

function holdOffSum(policy: PolicyConfig, { propagation }: ProviderConfig): string {
  const what = 'until every node accepts a new key (propagation)';
  const factor = holdOffFactor(policy);
  return factor === 1 ? what : `= ${factor} × ${formatDuration(propagation)} ${what}, because controlPlane probes none`;
}

function* maxGraceProblems(at: string, { grace, maxGrace }: PolicyConfig): Problems {
  if (maxGrace >= grace) return;
  const message = `${formatDuration(maxGrace)} is shorter than the grace, ${formatDuration(grace)}; give it at least that`;
  yield { field: `${at}.maxGrace`, message };
}

const scheduleUnits: Readonly<Record<string, number>> = { minute: 60_000, hour: hourMs, day: 24 * hourMs };

// It tells once for each version: one that lapses before the next rotation's grace is over never holds a key.
function* lapseProblems({ schedule, grace, readers }: PolicyConfig, config: Config): Problems {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  const everyMs = Number(count) * (scheduleUnits[unit] ?? Number.NaN);
  const { marginMs } = timingOf(config);
  for (const { id, lapseMs } of acknowledgingReaders(readers, config)) {
    const least = everyMs + grace + marginMs;
    const what = `for a reader of a policy with ${schedule}: it tells once for each version (schedule + grace + margin)`;
    for (const { message } of tooShort('lapse', lapseMs, least, what)) {
      yield { field: `readers.${id}.acknowledges.lapse`, message };
    }
  }
}

function* tooShort(field: string, ms: number, least: number, what: string): Problems {
  if (ms < least)
    yield { field, message: `${formatDuration(ms)} is too short, it takes ${formatDuration(least)} ${what}` };
}
