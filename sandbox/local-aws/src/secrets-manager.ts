import type { SecretsManagerModel } from '@keyturn/aws/secrets-manager-model';
import * as z from 'zod';

import { blob, operation, type Operations } from './operation.ts';
import { ServiceError } from './service-error.ts';

const secret = z.object({ SecretId: z.string() });
const text = z.string().optional();
const value = z.object({ SecretString: text, SecretBinary: blob.optional() });
const flag = z.boolean().optional();
const tags = z.array(z.object({ Key: text, Value: text }));
const page = z.object({ MaxResults: z.number().optional(), NextToken: text });

/** The SDK and the CLI always send a token; whoever speaks HTTP has to bring one. */
const token = z.object({ ClientRequestToken: z.string({ error: () => missingToken }).min(1) });
const missingToken = 'You must provide a ClientRequestToken value. We recommend a UUID-type value.';

const filterKeys = ['description', 'name', 'tag-key', 'tag-value', 'primary-region', 'owning-service', 'all'] as const;
const filters = z.array(z.object({ Key: z.enum(filterKeys), Values: z.array(z.string()).min(1).max(10) }));
const sorts = ['created-date', 'last-accessed-date', 'last-changed-date', 'name'] as const;

const rules = z.object({
  AutomaticallyAfterDays: z.number().optional(),
  ScheduleExpression: text,
  Duration: text,
});
const managedExternally = z.undefined({ error: 'is not supported by local-aws' }).optional();

/** The wire of Secrets Manager over the model. */
export function secretsManager(model: SecretsManagerModel): Operations {
  return {
    CancelRotateSecret: operation(secret, model.cancelRotateSecret),
    CreateSecret: operation(
      value.extend({
        Name: z.string(),
        ClientRequestToken: text,
        Description: text,
        KmsKeyId: text,
        Tags: tags.optional(),
        AddReplicaRegions: z.array(z.object({ Region: text, KmsKeyId: text })).optional(),
        ForceOverwriteReplicaSecret: flag,
        Type: managedExternally,
      }),
      (input) => {
        const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
        if (hasValue && input.ClientRequestToken === undefined) throw noToken();
        return model.createSecret(input);
      },
    ),
    DeleteSecret: operation(
      secret.extend({ RecoveryWindowInDays: z.number().optional(), ForceDeleteWithoutRecovery: flag }),
      model.deleteSecret,
    ),
    DescribeSecret: operation(secret, model.describeSecret),
    GetSecretValue: operation(secret.extend({ VersionId: text, VersionStage: text }), model.getSecretValue),
    ListSecrets: operation(
      page.extend({
        IncludePlannedDeletion: flag,
        Filters: filters.optional(),
        SortOrder: z.enum(['asc', 'desc']).optional(),
        SortBy: z.enum(sorts).optional(),
      }),
      model.listSecrets,
    ),
    ListSecretVersionIds: operation(
      page.extend({ SecretId: z.string(), IncludeDeprecated: flag }),
      model.listSecretVersionIds,
    ),
    PutSecretValue: withToken(
      secret.extend(value.shape).extend({ VersionStages: z.array(z.string()).optional(), RotationToken: text }),
      model.putSecretValue,
    ),
    RestoreSecret: operation(secret, model.restoreSecret),
    RotateSecret: withToken(
      secret.extend({
        RotationLambdaARN: text,
        RotationRules: rules.optional(),
        RotateImmediately: flag,
        ExternalSecretRotationMetadata: managedExternally,
        ExternalSecretRotationRoleArn: managedExternally,
      }),
      model.rotateSecret,
    ),
    TagResource: operation(secret.extend({ Tags: tags }), model.tagResource),
    UntagResource: operation(secret.extend({ TagKeys: z.array(z.string()) }), model.untagResource),
    UpdateSecret: withToken(
      secret.extend(value.shape).extend({ Description: text, KmsKeyId: text, Type: managedExternally }),
      model.updateSecret,
    ),
    UpdateSecretVersionStage: operation(
      secret.extend({ VersionStage: z.string(), RemoveFromVersionId: text, MoveToVersionId: text }),
      model.updateSecretVersionStage,
    ),
  };
}

function withToken<Shape extends z.ZodRawShape>(
  shape: z.ZodObject<Shape>,
  handle: (input: z.output<z.ZodObject<Shape>> & z.output<typeof token>) => Promise<unknown>,
) {
  const parse = operation(shape.and(token), handle);
  return operation(z.looseObject({ ClientRequestToken: text }), (input, call) => {
    if (input.ClientRequestToken === undefined) throw noToken();
    return parse(input, call);
  });
}

const noToken = () => new ServiceError('InvalidRequestException', missingToken);
