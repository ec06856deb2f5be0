import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

import type { SecretsManagerCalls } from './secrets-manager-calls.ts';

/** The operations over the wire. Errors are the SDK's. */
export function sdkSecretsManager(client: SecretsManagerClient): SecretsManagerCalls {
  return {
    cancelRotateSecret: (request) => client.send(new CancelRotateSecretCommand(request)),
    createSecret: (request) => client.send(new CreateSecretCommand(request)),
    deleteSecret: (request) => client.send(new DeleteSecretCommand(request)),
    describeSecret: (request) => client.send(new DescribeSecretCommand(request)),
    getSecretValue: (request) => client.send(new GetSecretValueCommand(request)),
    listSecrets: (request) => client.send(new ListSecretsCommand(request)),
    listSecretVersionIds: (request) => client.send(new ListSecretVersionIdsCommand(request)),
    putSecretValue: (request) => client.send(new PutSecretValueCommand(request)),
    restoreSecret: (request) => client.send(new RestoreSecretCommand(request)),
    rotateSecret: (request) => client.send(new RotateSecretCommand(request)),
    tagResource: (request) => client.send(new TagResourceCommand(request)),
    untagResource: (request) => client.send(new UntagResourceCommand(request)),
    updateSecret: (request) => client.send(new UpdateSecretCommand(request)),
    updateSecretVersionStage: (request) => client.send(new UpdateSecretVersionStageCommand(request)),
  };
}
