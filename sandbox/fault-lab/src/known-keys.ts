import { credential, type Credential } from '@keyturn/rotation/credential';

import type { LabKey, LabProvider } from './lab-provider.ts';

/** A key that exists or existed at the provider, and what is owed to those who hold it. Times in milliseconds. */
export type KnownKey = {
  readonly key: LabKey;
  readonly target: string;
  readonly credential: Credential;
  mark: string | undefined;
  /** When it was seen first. */
  readonly seenAt: number;
  enabled: boolean;
  there: boolean;
  /** When it was first seen gone. */
  goneAt: number | undefined;
  everCurrent: boolean;
  /** Until when it has to work; Infinity while it is current. */
  owedUntil: number;
  /** A person broke it, or what it belongs to: nobody owes anything any more. */
  harmed: boolean;
  /** A person made current what was due already: it may be off for a moment, until then. */
  excusedUntil: number;
  /** How many calls had been made when that person did so. */
  putBackAt: number;
  /** Whoever read it got it from that person, and it never worked meanwhile. */
  handedOutBroken: boolean;
  madeByHand: boolean;
  /** A person switched it on again after it was retired, and it has another whole grace. */
  switchedOn: boolean;
  /** Made for another secret; known only where keys bear no mark. */
  isAnothers: boolean;
  /** How many calls had been made when it was switched off or removed; Infinity while it is on. */
  offAt: number;
};

export type Change =
  | { readonly what: 'made'; readonly known: KnownKey }
  /** It was made without a mark, and bears its first one. */
  | { readonly what: 'marked'; readonly known: KnownKey }
  | { readonly what: 'disabled' | 'deleted'; readonly known: KnownKey };

/** Every key there ever was, by what the provider stores; each look tells what has changed since the last. */
export function knownKeys(provider: LabProvider, now: () => number) {
  const known = new Map<string, KnownKey>();

  function lookAt(target: string, changes: Change[]): void {
    const stored = provider.stored(target);
    for (const key of stored) {
      const before = known.get(key.keyId);
      if (before === undefined) {
        const made = newlyKnown(key, target, now());
        known.set(key.keyId, made);
        changes.push({ what: 'made', known: made });
        continue;
      }
      if (!before.there) comeBack(before);
      changes.push(...firstMark(before, key));
      before.mark = key.mark;
      if (before.enabled && !key.enabled) changes.push({ what: 'disabled', known: before });
      before.enabled = key.enabled;
      if (key.enabled) before.offAt = Infinity;
    }
    for (const one of known.values()) {
      if (!one.there || one.target !== target || stored.some(({ keyId }) => keyId === one.key.keyId)) continue;
      changes.push({ what: 'deleted', known: one });
      one.there = false;
      one.goneAt = now();
      one.enabled = false;
    }
  }

  return {
    get: (keyId: string) => known.get(keyId),
    all: (): readonly KnownKey[] => [...known.values()],
    look(): readonly Change[] {
      const changes: Change[] = [];
      for (const target of provider.targets) lookAt(target, changes);
      return changes;
    },
  };
}

/** A person removed it, and whoever had chosen it made it once more. What never was anybody's is as good as new. */
function comeBack(known: KnownKey): void {
  known.there = true;
  known.goneAt = undefined;
  known.harmed &&= known.everCurrent;
}

function firstMark(known: KnownKey, { mark }: LabKey): readonly Change[] {
  return known.mark === undefined && mark !== undefined ? [{ what: 'marked', known }] : [];
}

function newlyKnown(key: LabKey, target: string, seenAt: number): KnownKey {
  return {
    key,
    target,
    credential: credential(key.keyId, key.secret),
    mark: key.mark,
    seenAt,
    enabled: key.enabled,
    there: true,
    goneAt: undefined,
    everCurrent: false,
    owedUntil: -Infinity,
    harmed: false,
    excusedUntil: -Infinity,
    putBackAt: -Infinity,
    handedOutBroken: false,
    madeByHand: false,
    switchedOn: false,
    isAnothers: false,
    offAt: Infinity,
  };
}
