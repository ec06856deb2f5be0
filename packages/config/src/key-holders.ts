import type { ListedSecret, SecretLister, SecretReader, SecretVersion } from '@keyturn/aws/secret-store';
import type { Credential } from '@keyturn/rotation/credential';
import { copyFinder, mentionsKey } from '@keyturn/rotation/credential-copies';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';

import { entry } from './entry.ts';
import { tagNames } from './managed-secret.ts';

/** `credential`: undefined where only the key id is known. */
export type HeldKey = { readonly keyId: Hidden; readonly credential: Credential | undefined };
type Place = { readonly secretArn: string; readonly target: string };

/**
 * The other secrets whose tags say that they may hold a key of the target. Whichever provider one names: two of the configuration may be one organization.
 * One without any is nobody's to read.
 */
export async function* secretsBeside(
  { secretArn, target }: Place,
  secrets: SecretLister,
): AsyncIterable<ListedSecret & { readonly provider: string }> {
  for await (const other of secrets.listSecrets({ tagKey: tagNames.target, tagValue: target })) {
    const provider = entry(other.tags, tagNames.provider) ?? '';
    if (other.arn !== secretArn && provider !== '') yield { ...other, provider };
  }
}

/** Whether the secret gives the key to its readers, or is about to. */
export async function givesKey(secretArn: string, key: HeldKey, secrets: SecretReader): Promise<boolean> {
  for (const stage of ['AWSCURRENT', 'AWSPENDING']) {
    if (showsIt(await secrets.value(secretArn, { stage }), key)) return true;
  }
  return false;
}

/** Whether the key stands anywhere in the version, whatever the shape of its text. */
export function showsIt(version: SecretVersion | undefined, { keyId, credential }: HeldKey): boolean {
  if (version === undefined) return false;
  const content = version.text.reveal();
  return mentionsKey(content, keyId) || (credential !== undefined && copyFinder(credential)(content) !== undefined);
}

/**
 * Refuses to replace a key that another secret gives its readers, where no mark tells whose it is. PermanentError('shared-key') whose field names the other
 * secret. One that cannot be read is passed over: before the key ends, whoever ends it looks once more, and does not.
 */
export async function refuseKeyOfAnother(
  credential: Credential,
  place: Place,
  secrets: SecretLister & SecretReader,
): Promise<void> {
  const key = { keyId: credential.keyId, credential };
  for await (const { arn, name, deletedAt } of secretsBeside(place, secrets)) {
    if (deletedAt !== undefined || !(await isGiven(arn, key, secrets))) continue;
    throw new PermanentError('shared-key', `${name} gives the key to its readers too`, { field: name });
  }
}

const outOfReach: ReadonlySet<string> = new Set(['secret-missing', 'secret-deleting', 'access-denied']);

async function isGiven(secretArn: string, key: HeldKey, secrets: SecretReader): Promise<boolean> {
  try {
    return await givesKey(secretArn, key, secrets);
  } catch (error) {
    if (error instanceof PermanentError && outOfReach.has(error.reason)) return false;
    throw error;
  }
}
