import { PermanentError } from '@keyturn/rotation/errors';

import { awsCall } from './aws-call.ts';
import { ourError, type AwsError } from './aws-error.ts';
import {
  describePresentSecret,
  describeSecret,
  refusePresentSecret,
  refuseSecret,
  required,
} from './secret-description.ts';
import type { SecretAdmin, SecretDescription } from './secret-store.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';

export function secretAdmin(calls: SecretsManagerCalls): SecretAdmin {
  return {
    listTagged: (tagKey) => listTagged(calls, tagKey),
    async tag(arn, tags) {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await awsCall(
        'TagResource',
        () => calls.tagResource({ SecretId: arn, Tags }),
        (failure) => refusePresentSecret(calls, arn, failure),
      );
    },
    async attachRotation({ arn, lambdaArn, schedule, duration }) {
      const request = {
        SecretId: arn,
        RotationLambdaARN: lambdaArn,
        RotationRules: { ScheduleExpression: schedule, Duration: duration },
        // True by default, everywhere: to attach a schedule would rotate at once.
        RotateImmediately: false,
      };
      await awsCall(
        'RotateSecret',
        () => calls.rotateSecret(request),
        (failure) => refusePresentSecret(calls, arn, failure),
      );
    },
    rotateNow: (arn) => rotateNow(calls, arn),
  };
}

// The filter matches by prefix, and the list may lag behind the secrets.
async function* listTagged(calls: SecretsManagerCalls, tagKey: string): AsyncIterable<SecretDescription> {
  let token: string | undefined;
  do {
    const request = { Filters: [{ Key: 'tag-key' as const, Values: [tagKey] }], NextToken: token };
    const page = await awsCall('ListSecrets', () => calls.listSecrets(request));
    for (const { ARN } of page.SecretList ?? []) {
      const description = await describeListed(calls, required(ARN, 'ListSecrets', 'ARN'));
      if (description === undefined || description.isReplica === true) continue;
      if (Object.hasOwn(description.tags, tagKey)) yield description;
    }
    token = page.NextToken;
  } while (token !== undefined);
}

async function describeListed(calls: SecretsManagerCalls, arn: string): Promise<SecretDescription | undefined> {
  try {
    return await describeSecret(calls, arn);
  } catch (error) {
    if (error instanceof PermanentError && error.reason === 'secret-missing') return undefined;
    throw error;
  }
}

async function rotateNow(
  calls: SecretsManagerCalls,
  arn: string,
): Promise<{ versionId: string; state: 'started' | 'running' }> {
  const running = async (failure: AwsError) => {
    if (failure.code !== 'InvalidRequestException') return refuseSecret(failure);
    const description = await describePresentSecret(calls, arn);
    if (description.rotation.lambdaArn === undefined) throw ourError(failure, 'RotationLambdaARN');
    // "A previous rotation isn't complete. That rotation will be reattempted."
    return pendingVersionId(description) ?? refuseSecret(failure);
  };
  const answer = await awsCall('RotateSecret', () => calls.rotateSecret({ SecretId: arn }), running);
  return typeof answer === 'string'
    ? { versionId: answer, state: 'running' }
    : { versionId: required(answer.VersionId, 'RotateSecret', 'VersionId'), state: 'started' };
}

// Both labels on one version is how a rotation may end: nothing is pending then.
function pendingVersionId({ stages }: SecretDescription): string | undefined {
  for (const [versionId, labels] of stages) {
    if (labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT')) return versionId;
  }
  return undefined;
}
