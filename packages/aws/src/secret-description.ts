import type { DescribeSecretResponse, RotationRulesType, Tag } from '@aws-sdk/client-secrets-manager';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { awsCall } from './aws-call.ts';
import { ourError, type AwsError } from './aws-error.ts';
import type { SecretDescription } from './secret-store.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';

export async function describeSecret(calls: SecretsManagerCalls, secretId: string): Promise<SecretDescription> {
  const request = { SecretId: secretId };
  return readDescription(await awsCall('DescribeSecret', () => calls.describeSecret(request), refuseSecret));
}

/** The description of a secret whose values can be used: PermanentError('secret-deleting') where it waits for its deletion. */
export async function describePresentSecret(calls: SecretsManagerCalls, secretId: string): Promise<SecretDescription> {
  const description = await describeSecret(calls, secretId);
  refuseDeleting(description);
  return description;
}

/** Throws PermanentError('secret-deleting') where the secret waits for its deletion. */
export function refuseDeleting({ deletedAt }: SecretDescription): void {
  if (deletedAt === undefined) return;
  throw new PermanentError('secret-deleting', 'The secret is marked for deletion', { field: 'SecretId' });
}

export function refuseSecret(failure: AwsError): never {
  if (failure.code !== 'ResourceNotFoundException') throw ourError(failure);
  throw new PermanentError('secret-missing', failure.message, { cause: failure, field: 'SecretId' });
}

/** As `refuseSecret`, after a look at the secret where the name stands for many causes. */
export async function refusePresentSecret(
  calls: SecretsManagerCalls,
  secretId: string,
  failure: AwsError,
): Promise<never> {
  if (failure.code === 'InvalidRequestException') await describePresentSecret(calls, secretId);
  return refuseSecret(failure);
}

/** What AWS's types call optional, and AWS always answers. */
export function required<Value>(value: Value | undefined, operation: string, field: string): Value {
  if (value === undefined) throw new TransientError(`${operation} answered without ${field}`);
  return value;
}

function readDescription(answer: DescribeSecretResponse): SecretDescription {
  return {
    arn: required(answer.ARN, 'DescribeSecret', 'ARN'),
    name: required(answer.Name, 'DescribeSecret', 'Name'),
    tags: tagsOf(answer),
    stages: new Map(Object.entries(answer.VersionIdsToStages ?? {})),
    rotation: {
      enabled: answer.RotationEnabled ?? false,
      lambdaArn: answer.RotationLambdaARN,
      schedule: scheduleOf(answer.RotationRules),
      nextAt: answer.NextRotationDate?.getTime(),
      lastAt: answer.LastRotatedDate?.getTime(),
    },
    deletedAt: answer.DeletedDate?.getTime(),
    createdAt: answer.CreatedDate?.getTime(),
    changedAt: answer.LastChangedDate?.getTime(),
    lastAccessedAt: answer.LastAccessedDate?.getTime(),
    replicas: (answer.ReplicationStatus ?? []).map(({ Region, Status }) => ({
      region: Region ?? '',
      status: Status ?? '',
    })),
    isReplica: isReplica(answer),
  };
}

type Placed = { readonly ARN?: string | undefined; readonly PrimaryRegion?: string | undefined };

/** `PrimaryRegion` is answered for a secret that has replicas and for each of them, whose ARN differs in its Region alone. */
export function isReplica({ ARN: arn, PrimaryRegion: primary }: Placed): boolean {
  return primary !== undefined && primary !== arn?.split(':')[3];
}

export function tagsOf({ Tags: tags = [] }: { readonly Tags?: readonly Tag[] | undefined }): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

function scheduleOf(rules: RotationRulesType | undefined): string | undefined {
  const days = rules?.AutomaticallyAfterDays;
  return rules?.ScheduleExpression ?? (days === undefined ? undefined : `rate(${days} days)`);
}
