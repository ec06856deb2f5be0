import type { GetSecretValueResponse, SecretsManagerClient, SecretValueEntry } from '@aws-sdk/client-secrets-manager';

import type { RawSecret, SecretSource } from './secret-source.ts';

export type SdkSourceOptions = {
  /** Reads here, also where an ARN names another Region: replicas differ in nothing else. */
  readonly region?: string;
  readonly endpoint?: string;
  /** A client of your own, for credentials or a proxy. */
  readonly client?: SecretsManagerClient;
};

/** What it asks by. */
export type OpenedSdk = {
  readonly sdk: typeof import('@aws-sdk/client-secrets-manager');
  readonly client: SecretsManagerClient;
};

/** Reads by the AWS SDK, which is loaded at the first read. `sdkSource` is this, and knows Regions. */
export function sdkReader({ client, ...options }: SdkSourceOptions = {}): SecretSource {
  const open = async (): Promise<OpenedSdk> => {
    const sdk = await import('@aws-sdk/client-secrets-manager');
    client ??= new sdk.SecretsManagerClient(options);
    return { sdk, client };
  };
  return {
    open,
    async get({ secretId: SecretId, stage: VersionStage, versionId: VersionId, signal: abortSignal }) {
      const { sdk, client } = await open();
      const command = new sdk.GetSecretValueCommand({ SecretId, VersionStage, VersionId });
      return rawSecret(await client.send(command, { abortSignal }));
    },
  };
}

export function rawSecret(answer: GetSecretValueResponse | SecretValueEntry): RawSecret {
  const {
    ARN: arn = '',
    Name: name = '',
    VersionId: versionId = '',
    SecretString: text,
    SecretBinary: binary,
  } = answer;
  return { arn, name, versionId, text, binary };
}
