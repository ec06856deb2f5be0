import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import type { Clock } from '@keyturn/rotation/clock';

import { awsCall } from './aws-call.ts';
import type { AwsOptions } from './clients.ts';
import type { QueueAges } from './queue-ages.ts';

const windowMs = 900_000;

/** Needs `cloudwatch:GetMetricStatistics`. The client is made here and not in clients.ts, which every function carries along. */
export function cloudWatchAges({ endpoint, region, credentials, attempts = 3 }: AwsOptions, clock: Clock): QueueAges {
  const client = new CloudWatchClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return async (queueName) => {
    const now = clock.now();
    const command = new GetMetricStatisticsCommand({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: queueName }],
      StartTime: new Date(now - windowMs),
      EndTime: new Date(now),
      Period: 60,
      Statistics: ['Maximum'],
    });
    const answer = await awsCall('GetMetricStatistics', () => client.send(command));
    const measured = (answer.Datapoints ?? []).toSorted((a, b) => timeOf(b) - timeOf(a));
    const seconds = measured[0]?.Maximum;
    return seconds === undefined ? undefined : seconds * 1000;
  };
}

const timeOf = ({ Timestamp }: { Timestamp?: Date | undefined }): number => Timestamp?.getTime() ?? 0;
