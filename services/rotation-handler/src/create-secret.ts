import type { Capabilities } from '@keyturn/credential-provider/credential-provider';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { readCredential, writeCredential } from '@keyturn/rotation/shape';

import { proveCurrent } from './prove-current.ts';
import { readCurrent, type Deps, type Rotation } from './rotation.ts';

/**
 * Writes the next credential down as the pending version, before the provider hears of it where we choose the key: the value is the intent, so
 * a crash leaves nothing that nobody knows. A value that is there already is kept, whoever wrote it first.
 */
export async function createSecret(rotation: Rotation, deps: Deps): Promise<void> {
  const { request, secret, provider } = rotation;
  const { secrets } = deps;

  const written = await secrets.value(secret.arn, { versionId: request.token, stage: 'AWSPENDING' });
  if (written !== undefined) return;

  const current = await readCurrent(rotation, deps);
  const credential = readCredential(secret.shape, current.text);
  if (credential !== undefined) await proveCurrent(rotation, credential, current.versionId);
  refuseBrokenPromises(await provider.describe());
  const mark = formatMark(markOf(secret.arn, request.token, secret.environment));
  const proposed = await provider.propose({
    target: secret.target,
    mark,
    like: credential,
    entitlements: secret.policy.entitlements,
  });
  await secrets.putPending({
    arn: secret.arn,
    token: request.token,
    text: writeCredential(secret.shape, current.text, proposed),
    rotationToken: request.rotationToken,
  });
}

// What these providers cannot do, no code of ours makes up for: an outage, or a key that nobody finds again.
function refuseBrokenPromises(capabilities: Capabilities): void {
  if (capabilities.overlap === 'none') {
    throw new PermanentError('unsupported', 'The provider ends the old key when it issues a new one', {
      field: 'overlap',
    });
  }
  if (!capabilities.clientSuppliedKey && !capabilities.mark) {
    throw new PermanentError('unsupported', 'The provider chooses the key and cannot mark it', { field: 'mark' });
  }
}
