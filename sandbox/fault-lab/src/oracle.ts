import { parseMark } from '@keyturn/rotation/mark';

import { knownKeys, type Change, type KnownKey } from './known-keys.ts';
import { graceMs, hour } from './lab-config.ts';
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
  /** Secrets Manager answers nobody. */
  readonly isSecretsManagerDown: () => boolean;
};

type Current = { readonly versionId: string | undefined; readonly key: KnownKey | undefined; readonly since: number };

/** Longest time in which a key that was due when a person made it current is switched on again: by then the watchdog has looked. */
const restoreMs = 2 * hour;
const orphanMinAgeMs = hour;

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
  const judge = judgeChange(options, broken);
  const everCurrent = new Set<string>();
  const current: Current = { versionId: undefined, key: undefined, since: -Infinity };
  let harms = 0;
  const works = ({ credential }: KnownKey) => provider.acceptedBy(credential).every(Boolean);
  const isExcused = (known: KnownKey) => known.harmed || known.excusedUntil >= now();

  function look(actor: Actor): void {
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
      if (next !== undefined) promise(next, actor);
      else if (actor !== 'person') broken('I9', 'AWSCURRENT was moved to a version without a key that exists');
    },
    /** A person made what belongs to everybody unusable, or usable again. */
    harm(isBegun: boolean): void {
      harms += isBegun ? 1 : -1;
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
function judgeChange(options: OracleOptions, broken: (rule: string, what: string) => void) {
  const { provider, now, keyIn, pending, secret } = options;
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
    const isOurs = parseMark(known.mark ?? '')?.secretHash === secret.hash;
    if (!known.everCurrent && !isOurs) broken('I7', `A key that is not ours was ${what}`);
    // The second in which it is deleted is the one in which a person puts a key back that was off for hours: the outage is that person's.
    if (known.wasOff && what === 'deleted' && known.excusedUntil >= now()) known.harmed = true;
    if (known.owedUntil <= now() || known.harmed || known.excusedUntil >= now()) return;
    broken('I7', `A key was ${what} that is ${known.owedUntil === Infinity ? 'current' : 'in its grace'}`);
  }

  function judgeRetirement({ what, known }: Change): void {
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
      if (change.what !== 'made') change.known.harmed = true;
    } else if (change.what === 'made') {
      judgeMade(change.known);
    } else {
      judgeEnd(change);
      if (actor === 'retire') judgeRetirement(change);
    }
  };
}
