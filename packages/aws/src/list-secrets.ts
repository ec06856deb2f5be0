import { awsCall } from './aws-call.ts';
import { isReplica, required, tagsOf } from './secret-description.ts';
import type { ListedSecret, SecretFilter } from './secret-store.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';

/** Page by page, so that no more than one page is in memory. The filter of AWS matches by prefix; what is yielded bears the very tag. */
export async function* listSecrets(
  calls: Pick<SecretsManagerCalls, 'listSecrets'>,
  filter?: SecretFilter,
): AsyncIterable<ListedSecret> {
  let token: string | undefined;
  do {
    const request = {
      IncludePlannedDeletion: true,
      MaxResults: 100,
      ...(filter && { Filters: filtersOf(filter) }),
      NextToken: token,
    };
    const page = await awsCall('ListSecrets', () => calls.listSecrets(request));
    for (const entry of page.SecretList ?? []) {
      const tags = tagsOf(entry);
      if (filter !== undefined && !bears(tags, filter)) continue;
      yield {
        arn: required(entry.ARN, 'ListSecrets', 'ARN'),
        name: required(entry.Name, 'ListSecrets', 'Name'),
        tags,
        deletedAt: entry.DeletedDate?.getTime(),
        lambdaArn: entry.RotationLambdaARN,
        isReplica: isReplica(entry),
      };
    }
    token = page.NextToken;
  } while (token !== undefined);
}

function filtersOf({ tagKey, tagValue }: SecretFilter) {
  const byKey = { Key: 'tag-key' as const, Values: [tagKey] };
  return tagValue === undefined ? [byKey] : [byKey, { Key: 'tag-value' as const, Values: [tagValue] }];
}

function bears(tags: Readonly<Record<string, string>>, { tagKey, tagValue }: SecretFilter): boolean {
  return Object.hasOwn(tags, tagKey) && (tagValue === undefined || tags[tagKey] === tagValue);
}
