import type { ApigeeConfig } from '@keyturn/config/config';
import type { EnsureRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';

import { markIn, withMark, type ApigeeKey } from './apigee-app.ts';
import { completeKey, untilKnown } from './complete-key.ts';
import type { Flavour } from './flavour.ts';
import { goalFrom, goalLike } from './issue-goal.ts';
import type { Keys } from './keys.ts';
import { orQuota } from './quota.ts';
import { parseTarget, type Target } from './target.ts';

type Deps = {
  readonly keys: Keys;
  readonly config: Pick<ApigeeConfig, 'mint'>;
  readonly flavour: Flavour;
  readonly clock: Clock;
};

type ProposeDeps = { readonly flavour: Flavour; readonly newText: () => string };

export function proposeCredential(target: string, { flavour, newText }: ProposeDeps): Credential {
  parseTarget(target, flavour);
  return credential(newText(), newText());
}

/**
 * Brings the key to where it should be, whatever is there already: each call writes only what is missing, so that an attempt that ended anywhere
 * is completed by the next one. Between create and update the key exists, but opens nothing.
 */
export async function ensureCredential(request: EnsureRequest, deps: Deps): Promise<void> {
  const target = parseTarget(request.target, deps.flavour);
  const { credential: wanted, like, mark, approve } = request;
  const current = like && (await deps.keys.get({ ...target, keyId: like.keyId }));
  const goal = current === undefined ? goalFrom(request.entitlements) : goalLike(current);
  const found = await (deps.config.mint === 'chosen' ? createOrReadBack : readMade)(target, wanted, deps);
  refuseStranger(found, wanted, mark);

  const ref = { ...target, keyId: wanted.keyId };
  const attributes = withMark(goal.attributes ?? found.attributes, mark);
  await completeKey({ ...goal, attributes }, { ref, found, approve }, deps);
}

/** Only Apigee makes the keys that it chooses. */
async function readMade(target: Target, wanted: Credential, { keys, clock }: Deps): Promise<ApigeeKey> {
  const found = await untilKnown(() => keys.get({ ...target, keyId: wanted.keyId }), clock);
  if (found !== 'no-key') return found;
  throw new PermanentError('key-disabled', 'Somebody removed the key, and only Apigee makes another one', {
    field: 'key',
  });
}

async function createOrReadBack(target: Target, wanted: Credential, { keys, clock }: Deps): Promise<ApigeeKey> {
  const made = await orQuota(() => keys.create(target, wanted), target, keys);
  if (made !== 'key-exists') return made;
  const found = await untilKnown(() => keys.get({ ...target, keyId: wanted.keyId }), clock);
  if (found === 'no-key') throw conflict('The key exists in another app');
  return found;
}

function refuseStranger(found: ApigeeKey, wanted: Credential, mark: string): void {
  if (found.secret.reveal() !== wanted.secret.reveal()) throw conflict('The key exists with another secret');
  const bears = markIn(found);
  if (bears !== undefined && bears !== mark) throw conflict('The key exists and bears another mark');
  if (!found.approved) throw new PermanentError('key-disabled', 'Somebody revoked the key', { field: 'key' });
}

function conflict(problem: string): PermanentError {
  return new PermanentError('key-conflict', problem, { field: 'key' });
}
