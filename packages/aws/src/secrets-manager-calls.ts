import type * as sdk from '@aws-sdk/client-secrets-manager';

type Call<Request, Response> = (request: Request) => Promise<Response>;

/**
 * The Secrets Manager operations that are used, by AWS's own names and shapes: the SDK serves them over the wire, `secretsManagerModel`
 * in memory. A refusal is an Error whose `name` is AWS's (`ResourceNotFoundException`, …).
 */
export type SecretsManagerCalls = {
  cancelRotateSecret: Call<sdk.CancelRotateSecretRequest, sdk.CancelRotateSecretResponse>;
  createSecret: Call<sdk.CreateSecretRequest, sdk.CreateSecretResponse>;
  deleteSecret: Call<sdk.DeleteSecretRequest, sdk.DeleteSecretResponse>;
  describeSecret: Call<sdk.DescribeSecretRequest, sdk.DescribeSecretResponse>;
  getSecretValue: Call<sdk.GetSecretValueRequest, sdk.GetSecretValueResponse>;
  listSecrets: Call<sdk.ListSecretsRequest, sdk.ListSecretsResponse>;
  listSecretVersionIds: Call<sdk.ListSecretVersionIdsRequest, sdk.ListSecretVersionIdsResponse>;
  putSecretValue: Call<sdk.PutSecretValueRequest, sdk.PutSecretValueResponse>;
  restoreSecret: Call<sdk.RestoreSecretRequest, sdk.RestoreSecretResponse>;
  rotateSecret: Call<sdk.RotateSecretRequest, sdk.RotateSecretResponse>;
  tagResource: Call<sdk.TagResourceRequest, unknown>;
  untagResource: Call<sdk.UntagResourceRequest, unknown>;
  updateSecret: Call<sdk.UpdateSecretRequest, sdk.UpdateSecretResponse>;
  updateSecretVersionStage: Call<sdk.UpdateSecretVersionStageRequest, sdk.UpdateSecretVersionStageResponse>;
};
