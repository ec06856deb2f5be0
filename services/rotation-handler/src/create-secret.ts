import { brokenPromises } from '@keyturn/credential-provider/broken-promises';
import type { Capabilities } from '@keyturn/credential-provider/credential-provider';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { vetSecret, writeCredential } from '@keyturn/rotation/shape';

import { beginCutover, isCutOver } from './cutover.ts';
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
  const credential = vetSecret(secret.shape, current);
  const cutOver = credential !== undefined && (await isCutOver(rotation, current.versionId, credential));
  if (credential !== undefined && !cutOver) await proveCurrent(rotation, credential, current.versionId, deps);
  refuseBrokenPromises(rotation, await provider.describe());
  if (credential !== undefined && !cutOver) await beginCutover(rotation, credential, current.versionId, deps);
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
    ...writeCredential(secret.shape, current, proposed),
    rotationToken: request.rotationToken,
  });
}

// What these providers cannot do, no code of ours makes up for: an outage, or a key that nobody finds again.
function refuseBrokenPromises({ secret }: Rotation, capabilities: Capabilities): void {
  const { config, id } = secret.provider;
  const bounds = { propagationMs: config.propagation, revocationMs: config.revocation };
  for (const { field, message } of brokenPromises(capabilities, bounds)) {
    if (field in config) throw new PermanentError('misconfigured', message, { field: `providers.${id}.${field}` });
    throw new PermanentError('unsupported', message, { field });
  }
  const { acceptOutage, id: policy } = secret.policy;
  const replaces = capabilities.overlap === 'none';
  if (replaces && !acceptOutage) {
    throw new PermanentError(
      'unsupported',
      'The provider ends the old key when it issues a new one: that is an outage, which only a policy with acceptOutage accepts',
      { field: 'overlap' },
    );
  }
  if (!replaces && acceptOutage) {
    throw new PermanentError(
      'misconfigured',
      'Old and new key of this provider work side by side: no outage is needed',
      {
        field: `policies.${policy}.acceptOutage`,
      },
    );
  }
}
