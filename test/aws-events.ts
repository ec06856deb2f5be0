const secretArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/apigee-AbCdEf';

/** As Secrets Manager tells that a label moved. */
export const labelUpdated = (label: string) => ({
  version: '0',
  id: '0d079340-135a-d8c6-95c2-41fb8f496c53',
  'detail-type': 'Secret Label Updated',
  source: 'aws.secretsmanager',
  account: '111122223333',
  time: '2026-11-21T02:00:04Z',
  region: 'eu-central-1',
  resources: [secretArn],
  detail: { name: 'orders/apigee', labelUpdated: label, versionId: 'c9f6d1de-8a43-4f6e-b7a5-53e1a9d24c10' },
});

/** As CloudTrail tells what Secrets Manager did. */
export const cloudTrail = (eventName: string, detailType = 'AWS Service Event via CloudTrail') => ({
  version: '0',
  id: '3fcb9c9e-9a0f-4d7c-8a30-5e0a9d2f6f11',
  'detail-type': detailType,
  source: 'aws.secretsmanager',
  account: '111122223333',
  time: '2026-11-21T02:00:09Z',
  region: 'eu-central-1',
  resources: [],
  detail: {
    eventSource: 'secretsmanager.amazonaws.com',
    eventName,
    eventType: 'AwsServiceEvent',
    additionalEventData: { SecretId: secretArn },
  },
});
