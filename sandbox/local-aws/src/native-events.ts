import type { LabelMoved } from '@keyturn/aws/secrets-manager-vault';

import type { NewEvent } from './event-bridge.ts';

/** What Secrets Manager tells of a rotation, by way of CloudTrail. */
export type RotationNotice = {
  readonly eventName: `${'' | 'Test'}Rotation${'Started' | 'Succeeded' | 'Failed'}` | 'RotationAbandoned';
  readonly arn: string;
  readonly token: string;
  readonly errorMessage?: string;
};

/** P1: on the default bus, for every label but AWSPENDING and AWSPREVIOUS. */
export const labelUpdated = ({ arn, name, label, versionId }: LabelMoved): NewEvent => ({
  source: 'aws.secretsmanager',
  'detail-type': 'Secret Label Updated',
  resources: [arn],
  detail: { name, labelUpdated: label, versionId },
});

/** P3: as a trail with logging on brings it. */
export const serviceEvent = (notice: RotationNotice, account: string, region: string, now: number): NewEvent => ({
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
    eventID: crypto.randomUUID(),
    readOnly: false,
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  },
});
