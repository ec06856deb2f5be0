import type { Config } from '@keyturn/config/config';
import { functionNames } from '@keyturn/config/names';

import { adapters, roleOf } from './adapters.ts';
import { allow, localArn, ref, sub, type Resource, type Resources, type Value } from './cloud-formation.ts';

/** What a function touches that the key of the stage encrypts, beside its own variables. */
type Use = {
  readonly role: string;
  readonly functions: readonly string[];
  readonly queues: boolean;
  readonly table: boolean;
};

/**
 * What each role may do with the key of the stage, where there is one: by way of the service that holds the data, for nothing else. Logs, bus,
 * archive and topic need nothing from a role: there the service itself uses the key, as the policy of the key allows (docs/encryption.md).
 */
export function keyPolicies(config: Config): Resources {
  return Object.fromEntries(
    uses(config).map((use): [string, Resource] => [
      `${use.role.replace(/Role$/, '')}KeyPolicy`,
      {
        Type: 'AWS::IAM::Policy',
        Condition: 'HasKmsKey',
        Properties: {
          PolicyName: 'key-of-the-stage',
          Roles: [ref(use.role)],
          PolicyDocument: { Version: '2012-10-17', Statement: statements(use, config.stage) },
        },
      },
    ]),
  );
}

function uses(config: Config): readonly Use[] {
  const { own } = functionNames(config.stage);
  return [
    { role: 'RotationHandlerRole', functions: [own('rotation-handler')], queues: true, table: false },
    { role: 'AnnouncerRole', functions: [own('announcer')], queues: true, table: true },
    { role: 'VerifierRole', functions: [own('verifier')], queues: true, table: true },
    { role: 'CleanupRole', functions: [own('cleanup'), own('sweep')], queues: true, table: true },
    { role: 'WatchdogRole', functions: [own('watchdog')], queues: true, table: true },
    { role: 'NotifierRole', functions: [own('notifier')], queues: true, table: true },
    ...adapters(config).map(({ id, duty, name }) => ({
      role: roleOf(id, duty),
      functions: [name],
      queues: false,
      table: false,
    })),
  ];
}

const key = ref('KmsKeyArn');
const through = (service: string) => ({ 'kms:ViaService': sub(`${service}.\${AWS::Region}.amazonaws.com`) });

function statements({ functions, queues, table }: Use, stage: string): readonly Value[] {
  const arns = functions.map((name) => sub(localArn('lambda', `function:${name}`)));
  const send = allow('UseKeyOfQueues', ['kms:Decrypt', 'kms:GenerateDataKey'], key, { StringEquals: through('sqs') });
  return [
    allow('UseKeyOfVariables', 'kms:Decrypt', key, {
      StringEquals: { 'kms:EncryptionContext:aws:lambda:FunctionArn': arns },
    }),
    ...(queues ? [send] : []),
    ...(table ? tableStatements(stage) : []),
  ];
}

// DynamoDB asks for the table's key with what its caller may.
function tableStatements(stage: string): readonly Value[] {
  const actions = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
  return [
    allow('UseKeyOfTable', actions, key, {
      StringEquals: { ...through('dynamodb'), 'kms:EncryptionContext:aws:dynamodb:tableName': `keyturn-${stage}` },
    }),
    allow('SeeKeyOfTable', 'kms:DescribeKey', key, { StringEquals: through('dynamodb') }),
  ];
}
