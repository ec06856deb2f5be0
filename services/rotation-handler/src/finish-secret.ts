import { sameKey, type Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { sendHint } from './send-hint.ts';
import { credentialsOf, currentVersionId, readCurrent, readPending, type Deps, type Rotation } from './rotation.ts';
import { judge } from './test-secret.ts';

/**
 * Checks once more what may have changed since the test, then moves AWSCURRENT. Nothing follows the move but taking AWSPENDING off and a hint:
 * whatever else a rotation needs is done by those who see that the label moved.
 */
export async function finishSecret(rotation: Rotation, deps: Deps): Promise<void> {
  const { request, secret } = rotation;
  const current = await readCurrent(rotation, deps);
  const credentials = credentialsOf(rotation, await readPending(rotation, deps), current);
  if (credentials.current !== undefined && sameKey(credentials.pending, credentials.current)) {
    throw new PermanentError('same-key', 'The pending version holds the current key', { field: secret.shape.keyId });
  }

  await checkAgain(rotation, credentials);
  await moveLabel(rotation, deps, current.versionId);
  await concludeRotation(secret.arn, request.token, deps);
}

/**
 * What is left to do for a token that is current. Repeated whenever somebody asks for the token again. Neither is worth a failure: the native label
 * event tells the announcer too, and Secrets Manager takes AWSPENDING off a version that is current.
 */
export async function concludeRotation(secretArn: string, token: string, deps: Deps): Promise<void> {
  const about = { secretArn, versionId: token };
  await sendHint('LabelMoved', about, deps);
  try {
    await deps.secrets.dropPending({ arn: secretArn, versionId: token });
  } catch (error) {
    deps.log.error('AWSPENDING was left on the current version', { ...about, error });
  }
}

type Credentials = { readonly pending: Credential; readonly current: Credential | undefined };

async function checkAgain(rotation: Rotation, { pending, current }: Credentials): Promise<void> {
  const { provider, request, secret } = rotation;
  const { target, policy } = secret;
  const { probe } = policy;
  const next = await provider.check({ target, credential: pending, probe, times: 1 });
  if (judge(next, rotation, request.token) === 'not-yet') {
    throw new TransientError('A node refuses the new key, which others had accepted');
  }
  if (current === undefined) return;
  // Without overlap nobody uses the current key any more, whatever it may do.
  if (policy.acceptOutage && (await provider.describe()).overlap === 'none') return;
  const { key } = await provider.check({ target, credential: current, probe: 'none', times: 1 });
  if (key.state === 'absent' || next.key.state === 'absent') return;
  // The next attempt copies them again.
  if (key.entitlements.join('\n') !== next.key.entitlements.join('\n')) {
    throw new TransientError('The entitlements of the current key changed during the rotation');
  }
}

// Compare-and-set on what a fresh look says: a person's edit in the meantime wins.
async function moveLabel({ request, secret }: Rotation, { secrets }: Deps, checkedVersionId: string): Promise<void> {
  const fresh = await secrets.describe(secret.arn);
  const from = currentVersionId(fresh);
  if (from === request.token) return;
  const pendingStill = fresh.stages.get(request.token)?.includes('AWSPENDING') ?? false;
  if (!pendingStill)
    throw new PermanentError('abandoned', 'The version is not pending any more', { field: 'ClientRequestToken' });
  if (from !== checkedVersionId) throw new TransientError('AWSCURRENT moved during the last check');
  const outcome = await secrets.moveCurrent({ arn: secret.arn, from, to: request.token });
  if (outcome === 'lost') throw new TransientError('AWSCURRENT moved at the same moment');
}
