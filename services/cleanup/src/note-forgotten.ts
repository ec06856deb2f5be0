import {
  beginning,
  heardNumber,
  noteSuperseded,
  readSuperseded,
  supersededKey,
  writeSuperseded,
  type Superseded,
} from '@keyturn/aws/supersession';

import type { Deps } from './deps.ts';
import { forgottenVersions, isInUse } from './forgotten-versions.ts';
import type { Live } from './managed-versions.ts';

/**
 * Keys that are this secret's, and that no version in use and no open row accounts for: an attempt died between making a key and writing it down,
 * and nobody told of its end; it made two; or the ledger was lost. Whether one ever was current cannot be told, so it gets a whole grace. The fences see to the rest.
 */
export async function noteForgotten(live: Live, deps: Deps, correlationId: string): Promise<void> {
  const { secret, currentVersionId } = live;
  const { provider, target } = secret;
  const unnamed = await forgottenVersions(live, deps);
  if (unnamed.length === 0) return;
  // Looked at again: a rotation that began in between has made its version before its key.
  const now = { description: await deps.secrets.describe(secret.arn) };
  for (const versionId of unnamed) {
    if (isInUse(now, versionId)) continue;
    const place = { provider: provider.id, target };
    await noteKey(
      { ...place, secretArn: secret.arn, versionId, supersededBy: currentVersionId, correlationId },
      live,
      deps,
    );
  }
}

type Forgotten = Pick<Superseded, 'secretArn' | 'versionId' | 'provider' | 'target' | 'supersededBy' | 'correlationId'>;

// A row that says "gone" is wrong about this key: the version had two, or an attempt that hung made it after all.
async function noteKey(key: Forgotten, { secret }: Live, { ledger, clock }: Deps): Promise<void> {
  const row = await readSuperseded(ledger, supersededKey(key.secretArn, key.versionId));
  if (row !== undefined && row.value.stage !== 'retired') return;
  const now = clock.now();
  const dueAt = now + secret.policy.graceMs + secret.timing.marginMs;
  if (row === undefined)
    await noteSuperseded(ledger, { ...key, kind: 'superseded', n: heardNumber, supersededAt: now, dueAt });
  else await writeSuperseded(ledger, { ...row.value, ...beginning, supersededAt: now, dueAt }, row.rev);
}
