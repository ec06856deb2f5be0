import { parseMark } from '@keyturn/rotation/mark';

import { knownKeys, type Change, type KnownKey } from './known-keys.ts';
import { graceMs, hour, minute } from './lab-config.ts';
import type { LabProvider } from './lab-provider.ts';
import { readers } from './readers.ts';

/** A promise that was broken, and when. `rule`: an invariant of docs/reliability.md. */
export type Violation = { readonly rule: string; readonly what: string; readonly time: number };

/** Who does what is being done: a function of ours (`retire`: the half that destroys), or a person. */
export type Actor = 'keyturn' | 'retire' | 'person';

export type OracleOptions = {
  readonly provider: LabProvider;
  readonly now: () => number;
  readonly at: (time: number, what: () => void) => void;
  /** The key id that a version holds; undefined: nothing, or no credential. */
  readonly keyIn: (versionId: string) => string | undefined;
  /** The version AWSPENDING stands on. */
  readonly pending: () => string | undefined;
  readonly secret: { readonly hash: string; readonly target: string };
  /** The provider answers nobody of ours. */
  readonly isProviderDown: () => boolean;
  /** Whether a mark is that secret's. */
  readonly isOurs: (mark: string | undefined) => boolean;
  readonly calls: Moments;
  /** Since when the fleet is paused. */
  readonly pausedAt: () => number | undefined;
  /** Secrets Manager answers nobody. */
  readonly isSecretsManagerDown: () => boolean;
};

type Current = { readonly versionId: string | undefined; readonly key: KnownKey | undefined; readonly since: number };
/** What came before what, also where no time passes: how many calls were made, and the number of the first one of whoever runs. */
type Moments = { readonly made: () => number; readonly began: () => number | undefined };

/** Longest time in which a key that was due when a person made it current is switched on again: by then the watchdog has looked. */
const restoreMs = 2 * hour;
const orphanMinAgeMs = hour;
/** What was begun when a person did something may come to its end. */
const atOnceMs = 2 * minute;
/** No function lives longer. */
const longestLifeMs = 15 * minute;

/**
 * Knows what is so, whatever our functions believe, and what they owe: it sees each move of AWSCURRENT and each change at the provider as it happens. Nothing
 * here asks a port.
 */
export function oracle(options: OracleOptions) {
  const { provider, now, keyIn } = options;
  const violations: Violation[] = [];
  const broken = (rule: string, what: string) => void violations.push({ rule, what, time: now() });
  const keys = knownKeys(provider, now);
  const applications = readers<KnownKey>(now, options.isSecretsManagerDown);
  const judge = judgeChange(options, broken, keys.all);
  const everCurrent = new Set<string>();
  const current: Current = { versionId: undefined, key: undefined, since: -Infinity };
  let harms = 0;
  let handMoveAt = -Infinity;
  const pending = { versionId: options.pending(), lostAt: new Map<string, number>() };
  const works = ({ credential }: KnownKey) => provider.acceptedBy(credential).every(Boolean);
  const isExcused = (known: KnownKey) => known.harmed || known.excusedUntil >= now();

  function lookAtPending(): void {
    const versionId = options.pending();
    if (versionId === pending.versionId) return;
    if (pending.versionId !== undefined) pending.lostAt.set(pending.versionId, options.calls.made());
    if (versionId !== undefined) pending.lostAt.delete(versionId);
    pending.versionId = versionId;
  }

  function look(actor: Actor): void {
    lookAtPending();
    for (const change of keys.look()) judge(change, actor);
    if (harms > 0) return;
    for (const known of keys.all()) {
      if (known.owedUntil <= now() || isExcused(known) || works(known)) continue;
      if (known === current.key) broken('I1', 'The current key is not accepted everywhere');
      else broken('I2', 'A key is refused in its grace');
    }
    if (applications.inUse().some((held) => !isExcused(held) && !works(held))) {
      broken('I2', 'An application uses a key that it read in time, and is refused');
    }
  }

  function supersede(known: KnownKey): void {
    // What a person handed out broken was no promise of ours.
    const wasBroken = known.excusedUntil >= now() && !works(known);
    known.owedUntil = wasBroken ? now() : now() + graceMs;
  }

  // A person may make anything current. What was due already may be off, and is switched on again soon; what is gone is gone by that person's doing.
  function excuse(known: KnownKey): void {
    if (known.owedUntil > now()) return;
    known.wasOff = !known.enabled;
    known.harmed ||= !known.there;
    excuseForNow(known);
  }

  // A provider that is down switches nothing on.
  function excuseForNow(known: KnownKey): void {
    known.excusedUntil = now() + restoreMs;
    options.at(known.excusedUntil + 1, () => {
      if (options.isProviderDown() && known === current.key) excuseForNow(known);
      else look('keyturn');
    });
  }

  function promise(known: KnownKey, actor: Actor): void {
    if (actor === 'person') excuse(known);
    known.owedUntil = Infinity;
    known.everCurrent = true;
    look(actor);
  }

  // Whoever began after a person's move, or after a key went off, has seen it with its first look.
  function judgeMove(versionId: string, next: KnownKey | undefined): void {
    const began = options.calls.began() ?? Infinity;
    if ((pending.lostAt.get(versionId) ?? Infinity) <= began && began !== Infinity) {
      broken('I9', 'AWSCURRENT was moved to a version that was not pending any more');
    }
    if (handMoveAt > began + 1) broken('I8', 'AWSCURRENT was moved over what a person had just done');
    if (next !== undefined && next.offAt <= began && began !== Infinity) {
      broken('I9', 'AWSCURRENT was moved to a key that was off before the last look');
    }
    if (next === undefined) broken('I9', 'AWSCURRENT was moved to a version without a key that exists');
  }

  return {
    violations,
    broken,
    /** Before anything changes: the time that passed. */
    tick: () => applications.read(current.key),
    /** After something may have changed at the provider. */
    look,
    /** AWSCURRENT was moved. */
    moved(versionId: string, actor: Actor): void {
      applications.read(current.key);
      for (const change of keys.look()) judge(change, actor);
      everCurrent.add(versionId);
      const next = keys.get(keyIn(versionId) ?? '');
      if (current.key !== undefined && current.key !== next) supersede(current.key);
      Object.assign(current, { versionId, key: next, since: now() });
      if (actor === 'person') handMoveAt = options.calls.made();
      else judgeMove(versionId, next);
      if (next !== undefined) promise(next, actor);
    },
    /** A person made what belongs to everybody unusable, or usable again. */
    harm(isBegun: boolean): void {
      harms += isBegun ? 1 : -1;
    },
    /** The handler told that a rotation failed for good. */
    failed(versionId: string): void {
      if (current.versionId === versionId) broken('I11', 'A rotation was told to have failed whose version is current');
    },
    announced(versionId: string): void {
      if (!everCurrent.has(versionId)) broken('I5a', 'A version was announced that never was current');
    },
    current: () => ({ ...current, works: current.key !== undefined && works(current.key) }),
    keys: keys.all,
  };
}
export type Oracle = ReturnType<typeof oracle>;

/** What may be done to a key, by whom. */
function judgeChange(
  options: OracleOptions,
  broken: (rule: string, what: string) => void,
  keys: () => readonly KnownKey[],
) {
  const { provider, now, keyIn, pending, secret, calls, pausedAt } = options;
  const made = new Map<string, Set<string>>();

  function judgeMade({ key, target }: KnownKey): void {
    if (target !== secret.target) broken('I10', 'A key was made in a target that is not the secret’s');
    const version = parseMark(key.mark ?? '')?.versionId;
    // Made in one call, marked in the next.
    if (version === undefined) return;
    const siblings = made.get(version) ?? new Set();
    made.set(version, siblings.add(key.keyId));
    if (provider.clientSuppliedKey && siblings.size > 1) broken('I4', 'Two keys were made for one version');
  }

  function judgeEnd({ what, known }: Change): void {
    if (!isOurs(known)) broken('I7', `A key that is not ours was ${what}`);
    // The second in which it is deleted is the one in which a person puts a key back that was off for hours: the outage is that person's.
    const putBackAt = known.excusedUntil - restoreMs;
    if (known.wasOff && what === 'deleted' && putBackAt + atOnceMs >= now()) known.harmed = true;
    if (known.owedUntil <= now() || known.harmed || (known.excusedUntil >= now() && what !== 'deleted')) return;
    broken('I7', `A key was ${what} that is ${known.owedUntil === Infinity ? 'current' : 'in its grace'}`);
  }

  // A key that a person made is ours once it was current, but for one that bore somebody else's mark from the first.
  function isOurs({ key, mark, madeByHand, everCurrent }: KnownKey): boolean {
    if (key.mark !== undefined) return options.isOurs(key.mark);
    return everCurrent || (!madeByHand && options.isOurs(mark));
  }

  /** Whether it was the only one that was on when whoever ended it began. */
  function wasLast({ key, target }: KnownKey): boolean {
    const others = keys().filter((other) => other.target === target && other.key !== key);
    return others.every(({ offAt }) => offAt <= (calls.began() ?? 0));
  }

  function judgeRetirement({ what, known }: Change): void {
    if (known.everCurrent && known.offAt === Infinity && wasLast(known)) {
      broken('I7', `The last key of a target that was on was ${what}`);
    }
    if (now() - (pausedAt() ?? Infinity) > longestLifeMs) broken('I7', `A key was ${what} while the fleet was paused`);
    const pendingVersion = pending();
    if (pendingVersion !== undefined && keyIn(pendingVersion) === known.key.keyId) {
      broken('I7', `A key was ${what} that is pending`);
    }
    if (!known.everCurrent && now() - known.key.issuedAt < orphanMinAgeMs) {
      broken('I7', `A key that never was current was ${what} before its minimum age`);
    }
  }

  return (change: Change, actor: Actor): void => {
    if (actor === 'person') {
      if (change.what === 'made') change.known.madeByHand = true;
      else change.known.harmed = true;
    } else if (change.what === 'made') {
      judgeMade(change.known);
    } else {
      judgeEnd(change);
      if (actor === 'retire') judgeRetirement(change);
    }
    if (change.what !== 'made') change.known.offAt = Math.min(change.known.offAt, calls.made());
  };
}
