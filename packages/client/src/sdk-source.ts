import type { GetSecretValueResponse, SecretsManagerClient, SecretValueEntry } from '@aws-sdk/client-secrets-manager';

import { SecretError } from './secret-error.ts';
import type { RawSecret, SecretSource } from './secret-source.ts';

export type SdkSourceOptions = {
  /** Reads here, also where an ARN names another Region: replicas differ in nothing else. */
  readonly region?: string;
  readonly endpoint?: string;
  /** A client of your own, for credentials or a proxy. */
  readonly client?: SecretsManagerClient;
};

/** As many as BatchGetSecretValue takes. */
const batchSize = 20;

/** Secrets Manager by `@aws-sdk/client-secrets-manager`, which is loaded at the first read. */
export function sdkSource({ region, endpoint, client }: SdkSourceOptions = {}): SecretSource {
  let made = client;
  const sdkAndClient = async (secretId: string) => {
    const sdk = await import('@aws-sdk/client-secrets-manager').catch(() => {
      throw new SecretError('INVALID_REQUEST', secretId, '@aws-sdk/client-secrets-manager is not installed');
    });
    made ??= new sdk.SecretsManagerClient({ ...(region && { region }), ...(endpoint && { endpoint }) });
    return { sdk, client: made };
  };
  const here = (id: string) => (region ? id.replace(/(?<=^arn:[^:]*:secretsmanager:)[^:]*/, region) : id);

  return {
    async get({ secretId, stage, versionId, signal: abortSignal }) {
      const { sdk, client } = await sdkAndClient(secretId);
      const command = new sdk.GetSecretValueCommand({
        SecretId: here(secretId),
        VersionStage: stage,
        VersionId: versionId,
      });
      return rawSecret(await client.send(command, { abortSignal }));
    },
    async getMany(secretIds, abortSignal) {
      const { sdk, client } = await sdkAndClient(secretIds.join());
      const batches = Array.from({ length: Math.ceil(secretIds.length / batchSize) }, async (_, n) => {
        const SecretIdList = secretIds.slice(n * batchSize, (n + 1) * batchSize).map(here);
        const command = new sdk.BatchGetSecretValueCommand({ SecretIdList });
        return (await client.send(command, { abortSignal })).SecretValues ?? [];
      });
      return (await Promise.all(batches)).flat().map(rawSecret);
    },
  };
}

function rawSecret(answer: GetSecretValueResponse | SecretValueEntry): RawSecret {
  const { ARN = '', Name = '', VersionId = '', SecretString: text, SecretBinary: binary } = answer;
  return { arn: ARN, name: Name, versionId: VersionId, text, binary };
}
