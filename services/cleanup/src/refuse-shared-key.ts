import type { SecretVersion } from '@keyturn/aws/secret-store';
import { entry } from '@keyturn/config/entry';
import { tagNames } from '@keyturn/config/managed-secret';
import { copyFinder, mentionsKey } from '@keyturn/rotation/credential-copies';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import type { OldKey } from './old-key.ts';

type Place = { readonly secretArn: string; readonly provider: string; readonly target: string };

const inUse = ['AWSCURRENT', 'AWSPENDING'] as const;

/**
 * Refuses to end a key that another secret gives its readers still: somebody pasted one key into two secrets, and this one was rotated first. Its tags
 * say which secrets may hold it, their present values say whether they do. PermanentError('shared-key') whose field names the other secret.
 */
export async function refuseSharedKey(old: OldKey, place: Place, { secrets }: Pick<Deps, 'secrets'>): Promise<void> {
  for await (const other of secrets.listSecrets({ tagKey: tagNames.target, tagValue: place.target })) {
    const elsewhere = entry(other.tags, tagNames.provider) !== place.provider;
    if (other.arn === place.secretArn || other.deletedAt !== undefined || elsewhere) continue;
    for (const stage of inUse) {
      const version = await unlessGone(() => secrets.value(other.arn, { stage }));
      if (version === undefined || !shows(version, old)) continue;
      throw new PermanentError('shared-key', 'Another secret gives the key to its readers still', {
        field: other.name,
      });
    }
  }
}

function shows({ text }: SecretVersion, { keyId, credential }: OldKey): boolean {
  const content = text.reveal();
  return mentionsKey(content, keyId) || (credential !== undefined && copyFinder(credential)(content) !== undefined);
}

const gone: ReadonlySet<Reason> = new Set(['secret-missing', 'secret-deleting']);

async function unlessGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PermanentError && gone.has(error.reason)) return undefined;
    throw error;
  }
}
