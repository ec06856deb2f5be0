/**
 * What the Python package `aws-secretsmanager`, and rules that were written for it, wait for on the default bus. It is of the form they know, so it has
 * no metadata; `SecretRotated` says more.
 */
export type SecretRotation = {
  readonly source: 'secretsmanager';
  readonly 'detail-type': 'Secret Rotation';
  readonly resources: readonly string[];
  /** The name that people write, not the ARN: rules and the package compare it as it is. */
  readonly detail: { readonly secretId: string };
};

export const secretRotation = (secretName: string): SecretRotation => ({
  source: 'secretsmanager',
  'detail-type': 'Secret Rotation',
  resources: [],
  detail: { secretId: secretName },
});
