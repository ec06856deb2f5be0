import { CloudTrailClient, DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';

import { awsCall } from './aws-call.ts';
import type { AwsOptions } from './clients.ts';
import type { Trails } from './trail.ts';

/**
 * The trails that CloudTrail shows in a Region. Needs `cloudtrail:DescribeTrails` and `cloudtrail:GetTrailStatus`. The client is made here and
 * not in clients.ts, which every function carries along.
 */
export async function cloudTrail({ endpoint, region: given, credentials, attempts = 3 }: AwsOptions): Promise<Trails> {
  const client = new CloudTrailClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(given === undefined ? {} : { region: given }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  const region = await awsCall('DescribeTrails', () => client.config.region());
  return {
    region,
    async list() {
      const answer = await awsCall('DescribeTrails', () =>
        client.send(new DescribeTrailsCommand({ includeShadowTrails: true })),
      );
      return (answer.trailList ?? []).flatMap(({ TrailARN: arn, HomeRegion, IsMultiRegionTrail }) =>
        arn === undefined ? [] : [{ arn, homeRegion: HomeRegion ?? '', multiRegion: IsMultiRegionTrail === true }],
      );
    },
    async isLogging(arn) {
      // The ARN and not the name: a shadow of another Region's trail is not known here by its name.
      const status = await awsCall('GetTrailStatus', () => client.send(new GetTrailStatusCommand({ Name: arn })));
      return status.IsLogging === true;
    },
  };
}
