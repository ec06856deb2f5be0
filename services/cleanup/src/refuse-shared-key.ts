import { listSuperseded } from '@keyturn/aws/supersession';
import type { SecretDescription, SecretVersion } from '@keyturn/aws/secret-store';
import { entry } from '@keyturn/config/entry';
import { tagNames } from '@keyturn/config/managed-secret';
import { copyFinder, mentionsKey } from '@keyturn/rotation/credential-copies';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { readOldVersion } from './managed-versions.ts';
import type { OldKey } from './old-key.ts';

type Place = { readonly secretArn: string; readonly provider: string; readonly target: string };
type Ports = Pick<Deps, 'secrets' | 'ledger' | 'clock'>;

/**
 * Refuses to end a key that another secret gives its readers still, or gave them until lately: somebody pasted one key into two secrets, and this one was
 * rotated first. Its tags say which secrets may hold it, their values say whether they do. PermanentError('shared-key') whose field names the other secret.
 */
export async function refuseSharedKey(old: OldKey, place: Place, deps: Ports): Promise<void> {
  for await (const other of deps.secrets.listSecrets({ tagKey: tagNames.target, tagValue: place.target })) {
    const elsewhere = entry(other.tags, tagNames.provider) !== place.provider;
    if (other.arn === place.secretArn || other.deletedAt !== undefined || elsewhere) continue;
    if (await unlessGone(() => holds(other.arn, old, deps))) {
      throw new PermanentError('shared-key', 'Another secret gives the key to its readers still', {
        field: other.name,
      });
    }
  }
}

async function holds(secretArn: string, old: OldKey, deps: Ports): Promise<boolean> {
  const { secrets } = deps;
  for (const stage of ['AWSCURRENT', 'AWSPENDING']) {
    if (shows(await secrets.value(secretArn, { stage }), old)) return true;
  }
  for (const versionId of await inGrace(await secrets.describe(secretArn), deps)) {
    if (shows(await readOldVersion(secretArn, versionId, deps), old)) return true;
  }
  return false;
}

// By the ledger, and the previous one too if the ledger does not know of it yet.
async function inGrace({ arn, stages }: SecretDescription, { ledger }: Ports): Promise<ReadonlySet<string>> {
  const rows = await listSuperseded(ledger, arn);
  const previous = [...stages].flatMap(([id, labels]) => (labels.includes('AWSPREVIOUS') ? [id] : []));
  const unknown = previous.filter((id) => rows.every(({ value }) => value.versionId !== id));
  return new Set([...unknown, ...rows.flatMap(({ value }) => (value.stage === 'grace' ? [value.versionId] : []))]);
}

function shows(version: SecretVersion | undefined, { keyId, credential }: OldKey): boolean {
  if (version === undefined) return false;
  const content = version.text.reveal();
  return mentionsKey(content, keyId) || (credential !== undefined && copyFinder(credential)(content) !== undefined);
}

const gone: ReadonlySet<Reason> = new Set(['secret-missing', 'secret-deleting']);

async function unlessGone(look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PermanentError && gone.has(error.reason)) return false;
    throw error;
  }
}
