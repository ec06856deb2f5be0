import { awsCall } from './aws-call.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';

/** When each version that has a label was created: version id → milliseconds since 1970. Needs `secretsmanager:ListSecretVersionIds`. */
export type VersionDates = (secretArn: string) => Promise<ReadonlyMap<string, number>>;

export function versionDates(calls: Pick<SecretsManagerCalls, 'listSecretVersionIds'>): VersionDates {
  return async (secretArn) => {
    const dates = new Map<string, number>();
    let token: string | undefined;
    do {
      const request = { SecretId: secretArn, NextToken: token };
      const page = await awsCall('ListSecretVersionIds', () => calls.listSecretVersionIds(request));
      for (const { VersionId: id, CreatedDate: created } of page.Versions ?? []) {
        if (id !== undefined && created !== undefined) dates.set(id, created.getTime());
      }
      token = page.NextToken;
    } while (token !== undefined);
    return dates;
  };
}
