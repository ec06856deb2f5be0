import type { Config } from '@keyturn/config/config';
import { deploymentPatterns, logRetentions } from '@keyturn/config/deployment-config';

import { ifSet, ref, type Value } from './cloud-formation.ts';

type Parameter = {
  readonly Type: 'String' | 'Number';
  readonly Default: string | number;
  readonly Description: string;
  readonly AllowedPattern?: string;
  readonly AllowedValues?: readonly number[];
};

/** What can be changed at a deployment without packaging again; the configuration gives the defaults. Empty: not used. */
export function parameters({ deployment }: Config): Readonly<Record<string, Parameter>> {
  const { permissionsBoundary, rolePath, kmsKey, logRetention, alarms } = deployment;
  const optional = (Description: string, value: string | undefined, pattern: string): Parameter => ({
    Type: 'String',
    Default: value ?? '',
    Description: `${Description}; empty if there is none`,
    AllowedPattern: `^(${pattern})?$`,
  });
  return {
    PermissionsBoundary: optional(
      'ARN of the managed policy that bounds every role',
      permissionsBoundary,
      deploymentPatterns.permissionsBoundary,
    ),
    RolePath: {
      Type: 'String',
      Default: rolePath,
      Description: 'Path of every role, with a slash at both ends',
      AllowedPattern: `^${deploymentPatterns.rolePath}$`,
    },
    KmsKeyArn: optional(
      'ARN of the KMS key for bus, archive, queues, table, logs, topic and variables',
      kmsKey,
      deploymentPatterns.kmsKey,
    ),
    LogRetentionDays: {
      Type: 'Number',
      Default: logRetention,
      Description: 'Days for which functions keep their logs',
      AllowedValues: logRetentions,
    },
    AlarmTopicArn: optional(
      'ARN of an SNS topic that hears every alarm, beside our own',
      alarms.topic,
      deploymentPatterns.topic,
    ),
  };
}

const isSet = (parameter: string): Value => ({ 'Fn::Not': [{ 'Fn::Equals': [ref(parameter), ''] }] });

export const conditions: Readonly<Record<string, Value>> = {
  HasPermissionsBoundary: isSet('PermissionsBoundary'),
  HasKmsKey: isSet('KmsKeyArn'),
  HasAlarmTopic: isSet('AlarmTopicArn'),
};

export const kmsKey = ifSet('HasKmsKey', ref('KmsKeyArn'));
