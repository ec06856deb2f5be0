import { noteOwnRead } from '@keyturn/aws/own-reads';
import type { SecretDescription, SecretVersion } from '@keyturn/aws/secret-store';
import { managedSecret, type ManagedSecret } from '@keyturn/config/managed-secret';
import type { Credential } from '@keyturn/rotation/credential';
import { copyFinder, mentionsKey } from '@keyturn/rotation/credential-copies';
import { PermanentError, TransientError, type Reason } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import { readCredential } from '@keyturn/rotation/shape';

import type { Deps } from './deps.ts';

/** A secret as it is now, with the credential that applications get from it. */
export type Live = {
  readonly description: SecretDescription;
  readonly secret: ManagedSecret;
  readonly currentVersionId: string;
  readonly version: SecretVersion;
  readonly current: Credential;
};

/** Throws where nothing may be judged: secret-deleting, secret-missing, misconfigured, shape-mismatch (no current credential). */
export async function readLive(secretArn: string, { secrets, config }: Deps): Promise<Live> {
  const description = await secrets.describe(secretArn);
  if (description.deletedAt !== undefined) throw new PermanentError('secret-deleting', 'The secret is being deleted');
  const secret = managedSecret(description, config);
  const version = await secrets.value(secretArn, { stage: 'AWSCURRENT' });
  if (version === undefined) throw new TransientError('AWSCURRENT cannot be read');
  const current = credentialIn(secret, version);
  if (current === undefined) {
    throw new PermanentError('shape-mismatch', 'The current version holds no credential', {
      field: secret.shape.keyId,
    });
  }
  return { description, secret, currentVersionId: version.versionId, version, current };
}

/** What forbids to judge a secret; handler or verifier have told its owner of it already. */
const unjudgeable: ReadonlySet<Reason> = new Set([
  'misconfigured',
  'shape-mismatch',
  'secret-deleting',
  'secret-missing',
]);

/** undefined: nothing can be judged, and its owner has heard of it from the handler or the verifier. */
export async function readJudgeable(secretArn: string, deps: Deps): Promise<Live | undefined> {
  try {
    return await readLive(secretArn, deps);
  } catch (error) {
    if (error instanceof PermanentError && unjudgeable.has(error.reason)) return undefined;
    throw error;
  }
}

export function credentialIn({ shape }: ManagedSecret, version: SecretVersion): Credential | undefined {
  return readCredential(shape, version);
}

/**
 * A version that is not current. Noted before it is read, so that it is not taken for a read by an application. undefined: there is none.
 */
export async function readOldVersion(
  secretArn: string,
  versionId: string,
  { ledger, clock, secrets }: Pick<Deps, 'ledger' | 'clock' | 'secrets'>,
): Promise<SecretVersion | undefined> {
  await noteOwnRead(ledger, { secretArn, versionId, at: clock.now() });
  return secrets.value(secretArn, { versionId });
}

/** What somebody pasted may be no credential at all: undefined. */
export function oldCredentialIn(
  secret: ManagedSecret,
  version: SecretVersion | undefined,
): Promise<Credential | undefined> {
  return orNothing(async () => version && credentialIn(secret, version));
}

/** Whether the version holds the key, also where its text has another shape than the secret has by now. */
export async function holdsKey(
  secret: ManagedSecret,
  version: SecretVersion | undefined,
  keyId: Hidden,
): Promise<boolean> {
  if (version === undefined) return false;
  const credential = await oldCredentialIn(secret, version);
  if (credential === undefined) return mentionsKey(version.text.reveal(), keyId);
  return credential.keyId.reveal() === keyId.reveal();
}

/** As `holdsKey`, or shows it in another of its places: somebody changed one of them only, and whoever reads the others gets this key. */
export async function showsKey(
  secret: ManagedSecret,
  version: SecretVersion | undefined,
  { keyId, credential }: { readonly keyId: Hidden; readonly credential: Credential | undefined },
): Promise<boolean> {
  if (version === undefined || (await holdsKey(secret, version, keyId))) return version !== undefined;
  const text = version.text.reveal();
  return mentionsKey(text, keyId) || (credential !== undefined && copyFinder(credential)(text) !== undefined);
}

async function orNothing<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PermanentError && error.reason === 'shape-mismatch') return undefined;
    throw error;
  }
}

export function labelsOf({ description }: Pick<Live, 'description'>, versionId: string): readonly string[] {
  return description.stages.get(versionId) ?? [];
}
