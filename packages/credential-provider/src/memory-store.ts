import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError } from '@keyturn/rotation/errors';

import type { ListedKey } from './credential-provider.ts';
import type { MemoryGateway } from './memory-gateway.ts';

export type MemoryKey = {
  readonly target: string;
  readonly keyId: string;
  readonly secret: string;
  readonly enabled: boolean;
  readonly mark: string | undefined;
  /** What somebody wrote on the key; it stands for all that a person keeps there. */
  readonly note: string;
  readonly approved: readonly string[];
  /** Entitlements that wait for somebody's approval. */
  readonly pending: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number | undefined;
  /** It went through `ensure`: somebody may use it. */
  readonly ensured: boolean;
};

/** The management side of a provider in memory: what it stores, and its own rules. It tells the gateway of every change. */
export type MemoryStore = {
  /** PermanentError target-missing, or misconfigured where the text cannot be a target. */
  keysOf(target: string): readonly MemoryKey[];
  /** A key of any target. */
  find(keyId: string): MemoryKey | undefined;
  /** False where the key exists already, in whatever target. Without overlap it ends those that were enabled. PermanentError quota. */
  create(key: MemoryKey, since?: 'ever'): boolean;
  /** Nothing happens to a key that is gone. */
  change(keyId: string, edit: (key: MemoryKey) => MemoryKey): void;
  remove(keyId: string): void;
  stateOf(key: MemoryKey): ListedKey['state'];
  /** Somebody could use it, once its target is on: enabled, not expired, entitled to something. */
  usable(key: MemoryKey): boolean;
  switchOff(target: string): void;
  switchOn(target: string): void;
};

type Options = {
  readonly clock: Clock;
  readonly targets: readonly string[];
  readonly maxKeys: number;
  readonly overlap: 'none' | undefined;
  readonly replaced: 'gone' | undefined;
  readonly gateway: MemoryGateway;
};

export function memoryStore({ clock, targets, maxKeys, overlap, replaced, gateway }: Options): MemoryStore {
  const keys = new Map<string, MemoryKey>();
  const switchedOff = new Set<string>();

  const expired = ({ expiresAt }: MemoryKey) => expiresAt !== undefined && expiresAt <= clock.now();
  const stateOf = (key: MemoryKey) => {
    if (!key.enabled) return 'disabled';
    return expired(key) || switchedOff.has(key.target) ? 'unusable' : 'enabled';
  };
  const usable = (key: MemoryKey) => key.enabled && !expired(key) && key.approved.length > 0;
  const works = (key: MemoryKey) => usable(key) && !switchedOff.has(key.target);
  const keysOf = (target: string) => {
    refuseUnknown(target, targets);
    return [...keys.values()].filter((key) => key.target === target);
  };
  const put = (key: MemoryKey, since?: 'ever') => {
    keys.set(key.keyId, key);
    gateway.note(key, works(key), since);
  };

  return {
    keysOf,
    find: (keyId) => keys.get(keyId),
    create(key, since) {
      if (keys.has(key.keyId)) return false;
      if (keysOf(key.target).length >= maxKeys) {
        throw new PermanentError('quota', 'The target holds as many keys as it may', { field: 'target' });
      }
      if (overlap === 'none' && stateOf(key) === 'enabled') {
        for (const other of keysOf(key.target)) {
          if (other.enabled) put({ ...other, enabled: false }, since);
          if (replaced === 'gone') keys.delete(other.keyId);
        }
      }
      put(key, since);
      return true;
    },
    change(keyId, edit) {
      const key = keys.get(keyId);
      if (key !== undefined) put(edit(key));
    },
    remove(keyId) {
      const key = keys.get(keyId);
      if (key === undefined) return;
      keys.delete(keyId);
      gateway.note(key, false);
    },
    stateOf,
    usable,
    switchOff(target) {
      switchedOff.add(target);
      for (const key of keysOf(target)) gateway.note(key, false);
    },
    switchOn(target) {
      switchedOff.delete(target);
      for (const key of keysOf(target)) gateway.note(key, works(key));
    },
  };
}

function refuseUnknown(target: string, targets: readonly string[]): void {
  refuseMalformed(target);
  if (targets.includes(target)) return;
  throw new PermanentError('target-missing', 'There is no such target', { field: 'target' });
}

export function refuseMalformed(target: string): void {
  if (/^[a-z0-9-]{1,40}$/.test(target)) return;
  throw new PermanentError('misconfigured', 'This cannot be a target', { field: 'target' });
}
