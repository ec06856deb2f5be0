import type { Clock } from '@keyturn/rotation/clock';

import type { MemoryLine, MemoryReach } from './memory-line.ts';
import type { MemoryGateway, MemoryNode } from './memory-gateway.ts';
import type { MemoryStore } from './memory-store.ts';

export type MemoryProviderOptions = {
  /** Who chooses key and secret: we do, or the provider does. */
  readonly mode: 'chosen' | 'generated';
  readonly clock: Clock;
  /** Those that exist: lower case letters, digits and dashes. */
  readonly targets: readonly string[];
  /** What a key can be entitled to; `read` and `write` unless told otherwise. */
  readonly entitlements?: readonly string[];
  /** Those that wait for an approval; `admin` unless told otherwise. */
  readonly manual?: readonly string[];
  readonly maxKeys?: number;
  /** `none`: making a key ends the one before, in the same moment. Otherwise it follows from `maxKeys`. */
  readonly overlap?: 'none' | undefined;
  /** What becomes of the key before, where `overlap` is `none`: it stays in the list, switched off, unless told otherwise. */
  readonly replaced?: 'gone' | undefined;
  /** Every key that the adapter has made expires after that many milliseconds. */
  readonly lifetimeMs?: number | undefined;
  /** Three unless told otherwise, which hear of a change after different times. */
  readonly nodes?: readonly MemoryNode[];
  /** False: it never tells the secret of a key, nor whether one is right. */
  readonly tellsSecret?: boolean;
  readonly lacks?: readonly MemoryLack[];
  /** Targets without a probe. */
  readonly unprobed?: readonly string[];
  /** Text for key ids and secrets, fresh each time. */
  readonly newText?: () => string;
  /** Every call of the adapter goes through it: for a harness that lets some of them fail, twice, or never come back. */
  readonly reach?: MemoryReach;
};
export type MemoryLack = 'list' | 'mark' | 'enable' | 'last-used';

/** What issuing and retiring share. */
export type MemoryParts = {
  readonly options: Required<Omit<MemoryProviderOptions, 'reach'>>;
  readonly store: MemoryStore;
  readonly gateway: MemoryGateway;
  readonly line: MemoryLine;
  /** Switched on by `acceptAnything`. */
  readonly door: { open: boolean };
};
