import { RotationFailed } from '@keyturn/events/rotation-failed';
import { RotationOverdue } from '@keyturn/events/rotation-overdue';
import { SecretRotated } from '@keyturn/events/secret-rotated';

import { kindsFor, type Fault } from './fault.ts';
import { startAt } from './ground.ts';
import { judgeBugs, judgeEnd, judgeLeftovers } from './judge-end.ts';
import type { KnownKey } from './known-keys.ts';
import { hour, longestEndMs } from './lab-config.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import type { Violation } from './oracle-options.ts';
import { repair } from './repair.ts';
import { world, type World } from './world.ts';

const day = 24 * hour;
const everyMs = 30 * day;
/** One call in so many goes wrong. */
const oddsOfFault = 100;

export type Soaked = {
  readonly secrets: number;
  readonly years: number;
  readonly rotations: number;
  /** Months in which nothing was rotated, all of them told. */
  readonly missed: number;
  readonly calls: number;
  readonly faults: number;
  /** Each with the seed of its secret. */
  readonly violations: readonly (Violation & { readonly seed: number })[];
  /** Milliseconds from a key's birth to its end, the longest. */
  readonly oldestKeyMs: number;
  /** Milliseconds from the move of AWSCURRENT to the first SecretRotated that tells of it, the longest. */
  readonly slowestNewsMs: number;
};

/** One secret over the years: a rotation a month, a fault in a hundred calls, and somebody who does by the runbooks what people are told to do. */
export async function soak(
  provider: LabProviderFactory,
  { years, seed }: { years: number; seed: number },
): Promise<Soaked> {
  const random = randomFrom(seed);
  const months = Math.round((years * 365) / 30);
  const calmAt = startAt + months * everyMs;
  const w = await world({
    provider,
    adopted: true,
    faults: [],
    calmAt,
    chance: (name) => (random() * oddsOfFault < 1 ? pick(kindsFor(name), random) : undefined),
  });
  const watched = watchNews(w);
  for (let month = 0; month <= months; month += 1) {
    const at = startAt + month * everyMs;
    planMonth(w, at);
    if (month < months) w.scheduler.at(at + everyMs - 1, () => watched.judgeMonth(at));
  }
  const lastRotationAt = calmAt + hour;
  await w.scheduler.runUntil(calmAt + 2 * day);
  judgeEnd(w, lastRotationAt);
  judgeBugs(w);
  return {
    secrets: 1,
    years,
    rotations: watched.moves(),
    missed: watched.missed(),
    calls: w.calls.made.length,
    faults: w.calls.struck.length,
    violations: w.oracle.violations.map((violation) => Object.assign(violation, { seed })),
    oldestKeyMs: Math.max(...w.oracle.keys().map(({ key, goneAt }) => (goneAt ?? w.scheduler.now()) - key.issuedAt)),
    slowestNewsMs: watched.slowest(),
  };
}

/** Of many secrets together. */
export function addSoaked(sum: Soaked | undefined, one: Soaked): Soaked {
  if (sum === undefined) return one;
  return {
    secrets: sum.secrets + one.secrets,
    years: one.years,
    rotations: sum.rotations + one.rotations,
    missed: sum.missed + one.missed,
    calls: sum.calls + one.calls,
    faults: sum.faults + one.faults,
    violations: [...sum.violations, ...one.violations],
    oldestKeyMs: Math.max(sum.oldestKeyMs, one.oldestKeyMs),
    slowestNewsMs: Math.max(sum.slowestNewsMs, one.slowestNewsMs),
  };
}

// The watchdog passes by as often as it takes to end what a month began; each hour of all the years would be the same again and again.
function planMonth({ scheduler, ...w }: World, at: number): void {
  scheduler.at(at + hour, () => w.rotate());
  for (const hours of [2, 4, 7, 16]) scheduler.at(at + hours * hour, () => w.watch());
  scheduler.at(at + 20 * hour, () => repair({ scheduler, ...w }));
}

function watchNews(w: World) {
  const movedAt = new Map<string, number>();
  let [moves, slowest, missed, toldAt, rotatedAt] = [0, 0, 0, -Infinity, -Infinity];
  w.onMoved((versionId) => {
    moves += 1;
    if (!w.state.person) rotatedAt = w.scheduler.now();
    movedAt.set(versionId, w.scheduler.now());
  });
  w.onPublished((event) => {
    if (troubles.has(event['detail-type'])) toldAt = w.scheduler.now();
    if (event['detail-type'] !== SecretRotated.type) return;
    const { versionId } = SecretRotated.parse(event).data;
    const at = movedAt.get(versionId);
    if (at === undefined) return;
    movedAt.delete(versionId);
    slowest = Math.max(slowest, w.scheduler.now() - at);
  });
  return {
    moves: () => moves,
    slowest: () => slowest,
    missed: () => missed,
    /** At the end of the month that began then: the next one would put right what this one left. */
    judgeMonth(began: number): void {
      const { versionId, works } = w.oracle.current();
      if (!works) w.oracle.broken('I1', 'At the end of a month the current key does not work');
      if (versionId !== undefined && movedAt.has(versionId)) {
        w.oracle.broken('I5b', 'At the end of a month subscribers were not told of the current version');
      }
      judgeLeftovers(w);
      if (w.oracle.keys().some((known) => !known.harmed && livedOn(known))) {
        w.oracle.broken('I3', 'An old key lived on for a day after its grace and its soak');
      }
      if (rotatedAt > began) return;
      missed += 1;
      if (toldAt < began) w.oracle.broken('I11', 'A month passed without a rotation, and nobody was told');
    },
  };
}

const livedOn = ({ owedUntil, goneAt, everCurrent }: KnownKey): boolean =>
  everCurrent && goneAt !== undefined && goneAt > owedUntil + longestEndMs + day;

const troubles: ReadonlySet<string> = new Set([RotationFailed.type, RotationOverdue.type]);

const pick = (kinds: readonly Fault['kind'][], random: () => number) => kinds[Math.floor(random() * kinds.length)];

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
