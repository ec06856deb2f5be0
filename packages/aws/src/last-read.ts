import { awsCall } from './aws-call.ts';
import { refuseSecret, required } from './secret-description.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';

const dayMs = 86_400_000;

/** The start of the day (UTC) in which `ms` lies. */
export const dayOf = (ms: number): number => Math.floor(ms / dayMs) * dayMs;

/** Versions that bear no label any more are listed only if they are asked for, and it is their readers that are looked for. */
export async function readLastReads(
  calls: SecretsManagerCalls,
  secretId: string,
): Promise<ReadonlyMap<string, number>> {
  const days = new Map<string, number>();
  let token: string | undefined;
  do {
    const request = { SecretId: secretId, IncludeDeprecated: true, MaxResults: 100, NextToken: token };
    const page = await awsCall('ListSecretVersionIds', () => calls.listSecretVersionIds(request), refuseSecret);
    for (const { VersionId, LastAccessedDate } of page.Versions ?? []) {
      if (LastAccessedDate === undefined) continue;
      days.set(required(VersionId, 'ListSecretVersionIds', 'VersionId'), dayOf(LastAccessedDate.getTime()));
    }
    token = page.NextToken;
  } while (token !== undefined);
  return days;
}
