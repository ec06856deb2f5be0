import type { TokenConfig } from '@keyturn/config/config';
import type { ProposeRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import type { Keys } from './keys.ts';
import { valuesOfNew } from './new-key.ts';
import { isOurs } from './our-mark.ts';
import type { TokenKey } from './token-key.ts';
import type { Target } from './token-target.ts';

export type ProposeDeps = {
  readonly keys: Keys;
  readonly config: TokenConfig;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
};

export type Situation = {
  readonly target: Target;
  readonly all: readonly TokenKey[];
  /** The current key; undefined at the first issue. */
  readonly like: TokenKey | undefined;
};

/** What a new key is made of, entitled like the current one or as the policy says. */
export function newValues(request: ProposeRequest, like: TokenKey | undefined, { config, clock }: ProposeDeps) {
  const entitlements = like === undefined ? request.entitlements : (like.entitlements ?? []);
  return valuesOfNew({ mark: request.mark, proposed: true, like, entitlements, now: clock.now() }, config);
}

/** Whoever began the attempt that made a key is gone after this: two invocations of the handler, one after the other, and what they asked. */
const nobodyLeftMs = 35 * 60_000;

/**
 * A key that cannot be renamed says nothing of whether its version went on. No version becomes current before `propagation` is over, and nobody who
 * made it or knows an older state is there after the longest time that they can run: in between nothing is done to it.
 */
export function refuseUncertain(
  { issuedAt }: TokenKey,
  { config, clock }: Pick<ProposeDeps, 'config' | 'clock'>,
): void {
  if (config.requests.label !== undefined) return;
  const age = issuedAt === undefined ? undefined : clock.now() - issuedAt;
  if (age !== undefined && (age < config.propagation / 2 || age > nobodyLeftMs)) return;
  throw new TransientError('A key of an earlier attempt may be in use; whether it is shows later', {
    retryAfterMs: nobodyLeftMs,
  });
}

/** Two keys, and neither is in the way of Keyturn to remove: one is current, the other in its grace, or a person's. */
export function refuseFull(staying: readonly TokenKey[], like: TokenKey | undefined, mark: string): void {
  if (staying.length < 2) return;
  const others = staying.filter((key) => key !== like);
  const ours = others.some((key) => isOurs(key, mark));
  const problem = ours
    ? 'Both slots are taken: the key before this one is in its grace or its soak still, and frees its slot when that is over (`keyturn status` says when)'
    : 'Both slots are taken, and Keyturn did not make the other key: whoever did has to remove it';
  throw new PermanentError('quota', problem, { field: 'target' });
}
