import { edit, type Check } from './check-template.ts';
import { condition, grantsOf } from './roles.ts';
import { ofType, pointee, type Reference, type Template } from './template.ts';

/** Where a type names the key that encrypts it. */
const keyFields: Readonly<Record<string, readonly string[]>> = {
  'AWS::Events::EventBus': ['KmsKeyIdentifier'],
  'AWS::Events::Archive': ['KmsKeyIdentifier'],
  'AWS::SQS::Queue': ['KmsMasterKeyId'],
  'AWS::DynamoDB::Table': ['SSESpecification', 'KMSMasterKeyId'],
  'AWS::Logs::LogGroup': ['KmsKeyId'],
  'AWS::SNS::Topic': ['KmsMasterKeyId'],
  'AWS::Lambda::Function': ['KmsKeyArn'],
};

const keyOf = (type: string, properties: object): string | undefined =>
  pointee(
    keyFields[type]?.reduce<unknown>(
      (value, name) => (value as Record<string, unknown>)[name],
      properties,
    ) as Reference,
  );

const roles = (from: Template) => ofType(from, 'AWS::IAM::Role');

/** What a platform team asks for, of a template that has all parameters set. */
export const platform: readonly Check[] = [
  {
    rule: 'every role lies under the path, within the boundary',
    broken: (from) =>
      roles(from)
        .filter(
          ([, { Path, PermissionsBoundary }]) =>
            pointee(Path) !== 'RolePath' || pointee(PermissionsBoundary) !== 'PermissionsBoundary',
        )
        .map(([id]) => id),
    plant: (from) => delete edit(from, 'SubscriberBusRole')['PermissionsBoundary'],
  },
  {
    rule: 'whatever can be encrypted is, by the key of the stage; only what catches the failures of the key is not',
    broken: (from) =>
      Object.entries(from.resources)
        .filter(([id, { Type, Properties }]) => {
          const own = id === 'BusDlq' ? undefined : 'KmsKeyArn';
          return Type in keyFields && keyOf(Type, Properties) !== own;
        })
        .map(([id]) => id),
    plant: (from) => delete edit(from, 'PartnerDashretireLogGroup')['KmsKeyId'],
  },
  {
    rule: 'the bus keeps what its key fails on',
    broken: (from) =>
      pointee((edit(from, 'Bus')['DeadLetterConfig'] as { Arn: Reference } | undefined)?.Arn) === 'BusDlq'
        ? []
        : ['Bus'],
    plant: (from) => delete edit(from, 'Bus')['DeadLetterConfig'],
  },
  {
    rule: 'nothing of AWS that holds data is unknown to this test',
    broken: (from) =>
      Object.entries(from.resources)
        // osls's own, for zips.
        .filter(
          ([id, { Type }]) =>
            !id.startsWith('ServerlessDeploymentBucket') && !(Type in keyFields || withoutData.has(Type)),
        )
        .map(([id]) => id),
    plant: (from) => (from.resources['Uploads'] = { Type: 'AWS::S3::Bucket', Properties: {} }),
  },
  {
    rule: 'who reads or writes the ledger, or uses a queue, may use the key of the stage for that',
    broken: (from) => {
      const may = (service: string) =>
        new Set(
          grantsOf(from, 'kms:')
            .filter((grant) => JSON.stringify(condition(grant, 'StringEquals', 'kms:ViaService')).includes(service))
            .map(({ role }) => role),
        );
      const [table, queues] = [may('dynamodb.'), may('sqs.')];
      return [
        ...grantsOf(from, 'dynamodb:').filter(({ role }) => !table.has(role)),
        ...grantsOf(from, 'sqs:').filter(({ role }) => !queues.has(role)),
      ].map(({ role, statement: { Sid } }) => `${role}.${Sid}`);
    },
    plant: (from) => delete from.resources['VerifierKeyPolicy'],
  },
];

const withoutData: ReadonlySet<string> = new Set([
  // A script, which is no secret.
  'AWS::SSM::Document',
  'AWS::CloudWatch::Alarm',
  'AWS::Events::EventBusPolicy',
  'AWS::Events::Rule',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Permission',
  'AWS::Logs::MetricFilter',
  'AWS::SNS::Subscription',
  'AWS::SQS::QueuePolicy',
  // Names and addresses of what is deployed.
  'AWS::SSM::Parameter',
]);
