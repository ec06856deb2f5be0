import { countHarm, isTripped } from '@keyturn/aws/breaker';
import { giveLeaseBack, takeLease } from '@keyturn/aws/lease';
import type { Config } from '@keyturn/config/config';
import { entry } from '@keyturn/config/entry';
import { timingOf } from '@keyturn/config/timing';
import { TransientError } from '@keyturn/rotation/errors';
import { formatMark } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { findHolder } from './find-holder.ts';
import type { Candidate } from './place.ts';
import { unownedKey, type Unowned } from './watch-rows.ts';

const dayMs = 86_400_000;
/** Longer than the function lives. */
const leaseMs = 960_000;

/** Which policy the key was under nobody knows any more: the longest grace of all, and a day at least. */
export function reapGraceMs(config: Config): number {
  const graces = Object.values(config.policies).map(({ grace }) => grace);
  return Math.max(dayMs, ...graces) + timingOf(config).marginMs;
}

function soakMs({ policies, providers }: Config, provider: string): number {
  const soaks = Object.values(policies).map(({ soak }) => soak);
  return Math.max(entry(providers, provider)?.revocation ?? 0, ...soaks);
}

/** Writes the row; false: another run wrote it first. */
type Note = (row: Unowned) => Promise<boolean>;

/**
 * One step towards the end of a key that no secret owns, where the configuration asks for that: switched off after the longest grace since it was first
 * seen, deleted after the longest soak. Judged anew each time. Answers whether a step was taken, and then the row is written.
 */
export async function reapUnowned(candidate: Candidate, row: Unowned, note: Note, deps: Deps): Promise<boolean> {
  const { config, clock, ledger, newId } = deps;
  const { provider, target } = candidate;
  if (entry(config.providers, provider)?.orphans !== 'reap' || (await isHalted(deps))) return false;
  if (row.stage !== 'found' && candidate.key.state === 'enabled') {
    // Somebody switched it on again, and has a whole grace to say why.
    return note({ ...row, stage: 'found', firstSeenAt: clock.now(), disabledAt: null });
  }
  if (clock.now() < dueAt(row, config)) return false;
  const lease = { provider, target, holder: newId(), now: clock.now() };
  if (!(await takeLease(ledger, { ...lease, durationMs: leaseMs }))) return false;
  try {
    return await takeStep(candidate, row, note, deps);
  } finally {
    // Nobody relies on this: a lease ends by itself.
    await giveLeaseBack(ledger, lease);
  }
}

// A trip is attended to by the sweep, within minutes: it pauses the fleet and tells why.
async function isHalted({ fleet, ledger }: Deps): Promise<boolean> {
  return (await fleet.paused()) || isTripped(ledger);
}

function dueAt({ stage, firstSeenAt, disabledAt, provider }: Unowned, config: Config): number {
  return stage === 'found' ? firstSeenAt + reapGraceMs(config) : (disabledAt ?? firstSeenAt) + soakMs(config, provider);
}

async function takeStep(candidate: Candidate, row: Unowned, note: Note, deps: Deps): Promise<boolean> {
  const { provider, target, key } = candidate;
  const issue = deps.issue(provider);
  const keys = await issue.list({ target });
  const now = keys.find(({ keyId, mark }) => keyId.reveal() === key.keyId.reveal() && mark === key.mark);
  if (now === undefined) return false;
  const holder = await findHolder({ provider, target }, keys, deps);
  if (holder !== undefined) {
    const why = { provider, target, secretArn: holder };
    deps.log.warn('A key that no secret owns is kept: a secret may have its key without its mark', why);
    return false;
  }
  if (!(await mayEnd(row, deps))) return false;

  const request = { target, keyId: key.keyId, mark: formatMark(candidate.mark) };
  if (row.stage === 'found' && (await issue.describe()).reversibleDisable) {
    await deps.retire(provider).disable(request);
    return note({ ...row, stage: 'disabled', disabledAt: deps.clock.now() });
  }
  if (row.stage !== 'found' && now.state === 'enabled') return false;
  if (!(await note({ ...row, stage: 'removing' }))) throw new TransientError('Another run is at work on this key');
  await deps.retire(provider).remove(request);
  return true;
}

// Counted before it is switched off, or deleted where a provider cannot switch off, as cleanup does it: whatever is wrong may be wrong for both.
async function mayEnd(row: Unowned, deps: Deps): Promise<boolean> {
  if (row.stage !== 'found') return true;
  const { ledger, clock, config } = deps;
  const now = clock.now();
  const id = [unownedKey(row).row, row.firstSeenAt].join('#');
  await countHarm(ledger, { harm: 'disables', id, at: now, now, limit: config.breaker.disables });
  return !(await isHalted(deps));
}
