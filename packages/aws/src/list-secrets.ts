import { awsCall } from './aws-call.ts';
import { required, tagsOf } from './secret-description.ts';
import type { ListedSecret } from './secret-store.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';

/** Page by page, so that no more than one page is in memory. The filter of AWS matches by prefix; what is yielded bears the very tag. */
export async function* listSecrets(
  calls: Pick<SecretsManagerCalls, 'listSecrets'>,
  filter?: { readonly tagKey: string },
): AsyncIterable<ListedSecret> {
  let token: string | undefined;
  do {
    const request = {
      IncludePlannedDeletion: true,
      MaxResults: 100,
      ...(filter && { Filters: [{ Key: 'tag-key' as const, Values: [filter.tagKey] }] }),
      NextToken: token,
    };
    const page = await awsCall('ListSecrets', () => calls.listSecrets(request));
    for (const entry of page.SecretList ?? []) {
      const tags = tagsOf(entry);
      if (filter !== undefined && !Object.hasOwn(tags, filter.tagKey)) continue;
      yield {
        arn: required(entry.ARN, 'ListSecrets', 'ARN'),
        name: required(entry.Name, 'ListSecrets', 'Name'),
        tags,
        deletedAt: entry.DeletedDate?.getTime(),
        lambdaArn: entry.RotationLambdaARN,
      };
    }
    token = page.NextToken;
  } while (token !== undefined);
}
