import type { Ledger } from '@keyturn/aws/ledger';
import { noteOwnRead } from '@keyturn/aws/own-reads';
import type { SecretDescription, SecretReader } from '@keyturn/aws/secret-store';
import type { ManagedSecret } from '@keyturn/config/managed-secret';
import type { IssueProvider } from '@keyturn/credential-provider/credential-provider';
import type { VerificationFailed } from '@keyturn/events/verification-failed';
import type { Clock } from '@keyturn/rotation/clock';
import { fingerprint } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { readCredential } from '@keyturn/rotation/shape';

type Deps = {
  readonly secrets: SecretReader;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly provider: (providerId: string) => Pick<IssueProvider, 'check'>;
};

/**
 * The previous version, if its credential is accepted still: what a rollback puts back. null where it is not, or where that cannot be found out now: the
 * alarm about the current one does not wait for it.
 */
export async function findLive(
  { stages }: SecretDescription,
  secret: ManagedSecret,
  deps: Deps,
): Promise<VerificationFailed['data']['live']> {
  const previous = [...stages].find(([, labels]) => labels.includes('AWSPREVIOUS'))?.[0];
  if (previous === undefined) return null;
  try {
    return await lookAt(previous, secret, deps);
  } catch (error) {
    if (error instanceof TransientError || error instanceof PermanentError) return null;
    throw error;
  }
}

async function lookAt(
  versionId: string,
  secret: ManagedSecret,
  { secrets, ledger, clock, provider }: Deps,
): Promise<VerificationFailed['data']['live']> {
  // Before it is read: cleanup would take the read for an application's.
  await noteOwnRead(ledger, { secretArn: secret.arn, versionId, at: clock.now() });
  const version = await secrets.value(secret.arn, { versionId });
  const credential = version && readCredential(secret.shape, version);
  if (version === undefined || credential === undefined) return null;

  const { target, policy } = secret;
  const { key, use } = await provider(secret.provider.id).check({ target, credential, probe: policy.probe, times: 1 });
  const known = key.state === 'enabled' && key.secretMatches !== false;
  const accepted = known && (policy.probe === 'none' || use.outcome === 'accepted');
  const createdAt = new Date(version.createdAt).toISOString();
  return accepted ? { versionId, fingerprint: fingerprint(credential.keyId), createdAt } : null;
}
