import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { TransientError } from '@keyturn/rotation/errors';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';

/** Who a process is to AWS: what requests are signed with. */
export type AwsIdentity = {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Hidden;
  /** Of a role, as every function has. */
  readonly sessionToken: Hidden | undefined;
};

/** The identity that a client of the SDK signs with; the SDK renews it. TransientError where there is none. */
export async function sdkIdentity({ config }: Pick<SecretsManagerClient, 'config'>): Promise<AwsIdentity> {
  try {
    const [region, { accessKeyId, secretAccessKey, sessionToken }] = await Promise.all([
      config.region(),
      config.credentials(),
    ]);
    return {
      region,
      accessKeyId,
      secretAccessKey: hidden(secretAccessKey),
      sessionToken: sessionToken === undefined ? undefined : hidden(sessionToken),
    };
  } catch {
    // Not as a cause: a provider that cannot read credentials quotes them.
    throw new TransientError('The SDK of AWS has no credentials or no Region');
  }
}
