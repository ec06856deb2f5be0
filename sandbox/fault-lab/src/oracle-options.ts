import type { Calls } from './calls.ts';
import { hour } from './lab-config.ts';
import type { LabProvider } from './lab-provider.ts';

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
  /** The provider, or the secret, answers nobody of ours. */
  readonly isOutOfReach: () => boolean;
  /** Whether a mark is that secret's. */
  readonly isOurs: (mark: string | undefined) => boolean;
  /** Whether a mark is that of a secret that somebody made beside it. */
  readonly isOfAnother: (mark: string | undefined) => boolean;
  /** Which secret has a version that holds the key, with its secret: that tells whose it is where keys bear no mark. */
  readonly holderOf: (keyId: string) => 'this-secret' | 'other-secret' | undefined;
  /** After how many calls another secret was made that is not being deleted and has it on AWSCURRENT; undefined: there is none. */
  readonly givenByAnotherAt: (keyId: string) => number | undefined;
  readonly calls: Moments;
  /** How many calls had been made when a person last changed what keys may do. */
  readonly entitledAt: () => number | undefined;
  /** Since when the fleet is paused. */
  readonly pausedAt: () => number | undefined;
  /** Secrets Manager answers nobody. */
  readonly isSecretsManagerDown: () => boolean;
};

/** What came before what, also where no time passes. */
type Moments = Pick<Calls, 'began' | 'setOff' | 'asked'> & {
  /** How many calls were made. */
  readonly made: () => number;
};

/** Longest time in which a key that was due when a person made it current is switched on again: by then the watchdog has looked. */
export const restoreMs = 2 * hour;
