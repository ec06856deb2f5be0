import type { LabelMoved } from './secrets-manager-vault.ts';

/** As it is put on the default bus, which adds its own id and time. */
type AwsEvent = {
  readonly source: 'aws.secretsmanager';
  readonly 'detail-type': 'Secret Label Updated' | 'AWS Service Event via CloudTrail';
  readonly resources: readonly string[];
  readonly detail: object;
};

/** Where and when, and an id for CloudTrail. `now`: milliseconds since 1970. */
type Circumstances = {
  readonly account: string;
  readonly region: string;
  readonly now: number;
  readonly eventId: string;
};

/** What Secrets Manager tells of a rotation, by way of CloudTrail. */
export type RotationNotice = {
  readonly eventName: `${'' | 'Test'}Rotation${'Started' | 'Succeeded' | 'Failed'}` | 'RotationAbandoned';
  readonly arn: string;
  readonly token: string;
  readonly errorMessage?: string;
};

/** P1: on the default bus, for every label but AWSPENDING and AWSPREVIOUS. */
export const labelUpdated = ({ arn, name, label, versionId }: LabelMoved): AwsEvent => ({
  source: 'aws.secretsmanager',
  'detail-type': 'Secret Label Updated',
  resources: [arn],
  detail: { name, labelUpdated: label, versionId },
});

/** P3: as a trail with logging on brings it. */
export const serviceEvent = (notice: RotationNotice, { account, region, now, eventId }: Circumstances): AwsEvent => ({
  source: 'aws.secretsmanager',
  'detail-type': 'AWS Service Event via CloudTrail',
  resources: [],
  detail: {
    eventVersion: '1.08',
    userIdentity: { accountId: account, invokedBy: 'secretsmanager.amazonaws.com' },
    eventTime: `${new Date(now).toISOString().slice(0, 19)}Z`,
    eventSource: 'secretsmanager.amazonaws.com',
    eventName: notice.eventName,
    awsRegion: region,
    sourceIPAddress: 'secretsmanager.amazonaws.com',
    userAgent: 'secretsmanager.amazonaws.com',
    ...(notice.errorMessage === undefined ? {} : { errorMessage: notice.errorMessage }),
    requestParameters: null,
    responseElements: null,
    additionalEventData: { SecretId: notice.arn },
    requestID: `Rotation-${notice.arn}-${notice.token}`,
    eventID: eventId,
    readOnly: false,
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  },
});
