import { credential, type Credential } from '@keyturn/rotation/credential';
import { parseMark } from '@keyturn/rotation/mark';

import { graceMs, hour, refreshMs, staleOnErrorMs } from './lab-config.ts';
import type { LabKey, LabProvider } from './lab-provider.ts';

/** A promise that was broken, and when. `rule`: an invariant of docs/reliability.md. */
export type Violation = { readonly rule: string; readonly what: string; readonly time: number };

/** Who does what is being done: a function of ours, or a person. */
export type Actor = 'keyturn' | 'retire' | 'person';

type Tracked = {
  readonly key: LabKey;
  readonly target: string;
  readonly credential: Credential;
  enabled: boolean;
  there: boolean;
  everCurrent: boolean;
  /** Until when it has to work; Infinity while it is current. */
  owedUntil: number;
  /** A person broke it, or what it belongs to: nobody owes anything any more. */
  harmed: boolean;
  /** A person made current what was due already: it may be off for a moment, until then. */
  excusedUntil: number;
  /** It was off already when that person did so. */
  wasOff: boolean;
};

type Consumer = { readonly offset: number; held: Tracked | undefined; readAt: number };

export type OracleOptions = {
  readonly provider: LabProvider;
  readonly now: () => number;
  /** What a version holds; undefined: nothing, or no credential. */
  readonly keyIn: (versionId: string) => string | undefined;
  /** The version AWSPENDING stands on. */
  readonly pending: () => string | undefined;
  readonly secretHash: string;
  readonly target: string;
  readonly at: (time: number, what: () => void) => void;
  /** Secrets Manager answers nobody. */
  readonly isSecretsManagerDown: () => boolean;
};

/** Longest time in which a key that was due when a person made it current is switched on again: by the hour the watchdog has looked. */
const restoreMs = 2 * hour;
const orphanMinAgeMs = hour;

/**
 * Knows what is so, whatever our functions believe, and what they owe: it sees each move of AWSCURRENT and each change at the provider as it happens. Nothing
 * here asks a port.
 */
export function oracle(options: OracleOptions) {
  const { provider, now, keyIn, pending, target } = options;
  const violations: Violation[] = [];
  const tracked = new Map<string, Tracked>();
  const made = new Map<string, Set<string>>();
  const consumers: Consumer[] = [0, 0.25, 0.5, 0.75].map((part) => {
    return { offset: part * refreshMs, held: undefined, readAt: -Infinity };
  });
  const everCurrent = new Set<string>();
  let currentVersion: string | undefined;
  let movedAt = -Infinity;
  let current: Tracked | undefined;
  let isHarmed = false;

  const broken = (rule: string, what: string) => void violations.push({ rule, what, time: now() });
  const works = ({ credential }: Tracked) => provider.acceptedBy(credential).every(Boolean);

  function sync(actor: Actor): void {
    for (const where of provider.targets) syncTarget(where, actor);
  }

  function syncTarget(where: string, actor: Actor): void {
    const stored = provider.stored(where);
    const there = new Set(stored.map(({ keyId }) => keyId));
    for (const key of stored) {
      const known = tracked.get(key.keyId);
      if (known === undefined) {
        noteNew(key, where, actor);
      } else {
        if (known.enabled && !key.enabled) noteOff(known, 'disabled', actor);
        known.enabled = key.enabled;
      }
    }
    for (const known of tracked.values()) {
      if (!known.there || known.target !== where || there.has(known.key.keyId)) continue;
      noteOff(known, 'deleted', actor);
      known.there = false;
      known.enabled = false;
    }
  }

  function noteNew(key: LabKey, where: string, actor: Actor): void {
    const fresh = {
      there: true,
      everCurrent: false,
      owedUntil: -Infinity,
      harmed: false,
      excusedUntil: -Infinity,
      wasOff: false,
    };
    tracked.set(key.keyId, {
      key,
      target: where,
      credential: credential(key.keyId, key.secret),
      enabled: key.enabled,
      ...fresh,
    });
    if (actor === 'person') return;
    if (where !== target) broken('I10', 'A key was made in a target that is not the secret’s');
    const version = parseMark(key.mark ?? '')?.versionId ?? 'nobody';
    const siblings = made.get(version) ?? new Set();
    made.set(version, siblings.add(key.keyId));
    if (provider.clientSuppliedKey && siblings.size > 1) broken('I4', 'Two keys were made for one version');
  }

  function noteOff(known: Tracked, how: string, actor: Actor): void {
    if (actor === 'person') {
      known.harmed = true;
      return;
    }
    const { key, owedUntil, excusedUntil } = known;
    const mark = parseMark(key.mark ?? latestMark(known) ?? '');
    if (!known.everCurrent && mark?.secretHash !== options.secretHash) {
      broken('I7', `A key that is not ours was ${how}`);
    }
    // The second in which it is deleted is the one in which a person puts a key back that was off for hours: the outage is that person's.
    if (known.wasOff && how === 'deleted' && excusedUntil >= now()) known.harmed = true;
    if (owedUntil > now() && excusedUntil < now() && !known.harmed) {
      broken('I7', `A key was ${how} that is ${owedUntil === Infinity ? 'current' : 'in its grace'}`);
    }
    const pendingVersion = pending();
    if (actor === 'retire' && pendingVersion !== undefined && keyIn(pendingVersion) === key.keyId) {
      broken('I7', `A key was ${how} that is pending`);
    }
    if (actor === 'retire' && !known.everCurrent && now() - key.issuedAt < orphanMinAgeMs) {
      broken('I7', `A key that never was current was ${how} before its minimum age`);
    }
  }

  const latestMark = (known: Tracked) =>
    provider.stored(known.target).find(({ keyId }) => keyId === known.key.keyId)?.mark;

  /** Consumers read by themselves, each an hour after it read last; nothing has changed since the last look here. */
  function readersRead(): void {
    for (const consumer of consumers) {
      const last = Math.floor((now() - consumer.offset) / refreshMs) * refreshMs + consumer.offset;
      if (last <= consumer.readAt && consumer.held !== undefined) continue;
      if (options.isSecretsManagerDown() && consumer.held !== undefined) continue;
      consumer.readAt = last;
      consumer.held = current;
    }
  }

  function check(): void {
    if (isHarmed) return;
    for (const known of tracked.values()) {
      if (known.owedUntil <= now() || known.harmed || known.excusedUntil >= now()) continue;
      if (works(known)) continue;
      if (known === current) broken('I1', 'The current key is not accepted everywhere');
      else broken('I2', 'A key is refused in its grace');
    }
    for (const { held, readAt } of consumers) {
      if (held === undefined || held.harmed || held.excusedUntil >= now()) continue;
      if (now() > readAt + refreshMs + staleOnErrorMs || works(held)) continue;
      broken('I2', 'An application uses a key that it read in time, and is refused');
    }
  }

  return {
    violations,
    /** Before anything changes: the time that passed. */
    tick: readersRead,
    /** After something may have changed at the provider. */
    look(actor: Actor): void {
      sync(actor);
      check();
    },
    /** AWSCURRENT was moved. */
    moved(versionId: string, actor: Actor): void {
      readersRead();
      sync(actor);
      everCurrent.add(versionId);
      const before = current;
      const keyId = keyIn(versionId);
      const next = keyId === undefined ? undefined : tracked.get(keyId);
      currentVersion = versionId;
      movedAt = now();
      current = next;
      // What a person handed out broken was no promise of ours.
      if (before !== undefined && before !== next)
        before.owedUntil = before.excusedUntil >= now() && !works(before) ? now() : now() + graceMs;
      if (next === undefined) {
        if (actor !== 'person') broken('I9', 'AWSCURRENT was moved to a version without a key that exists');
        return;
      }
      if (actor === 'person' && next.owedUntil <= now()) {
        next.excusedUntil = now() + restoreMs;
        next.wasOff = !next.enabled;
        // It is gone: whoever puts it back causes the outage.
        next.harmed ||= !next.there;
        options.at(next.excusedUntil + 1, check);
      }
      next.owedUntil = Infinity;
      next.everCurrent = true;
      check();
    },
    /** A person made what belongs to everybody unusable, or usable again. */
    harm(state: boolean): void {
      isHarmed = state;
    },
    announced(versionId: string): void {
      if (!everCurrent.has(versionId)) broken('I5a', 'A version was announced that never was current');
    },
    broken,
    current: () => ({ versionId: currentVersion, key: current, works: current !== undefined && works(current) }),
    keys: (): readonly Tracked[] => [...tracked.values()],
    madeFor: (versionId: string): readonly string[] => [...(made.get(versionId) ?? [])],
    /** When AWSCURRENT was moved last. */
    movedAt: () => movedAt,
  };
}
export type Oracle = ReturnType<typeof oracle>;
