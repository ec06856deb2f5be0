import type { SecretDescription } from '@keyturn/aws/secret-store';
import { PermanentError } from '@keyturn/rotation/errors';

/** Refuses a secret that Secrets Manager would not ask this function to rotate: whoever calls us for it is not Secrets Manager. */
export function refuseForeignSecret(description: SecretDescription, ownArn: string): void {
  if (withoutQualifier(description.rotation.lambdaArn ?? '') !== withoutQualifier(ownArn)) {
    throw new PermanentError('not-ours', 'The secret is rotated by another function', { field: 'RotationLambdaARN' });
  }
}

/**
 * Whether this token may go on. `finished`: it is current already, the answer to the first try was lost; whatever became of the secret since, that
 * rotation did not fail. Everything else ends here, before anybody was called: secret being deleted, rotation switched off, or a token that a
 * person's edit has pushed aside.
 */
export function guardRotation(description: SecretDescription, token: string): 'proceed' | 'finished' {
  const labels = description.stages.get(token) ?? [];
  if (labels.includes('AWSCURRENT')) return 'finished';
  if (description.deletedAt !== undefined) {
    throw new PermanentError('secret-deleting', 'The secret is being deleted');
  }
  if (!description.rotation.enabled) {
    throw new PermanentError('not-ours', 'Rotation is switched off for the secret', { field: 'RotationEnabled' });
  }
  if (labels.includes('AWSPENDING')) return 'proceed';
  throw new PermanentError('abandoned', 'The version is not pending any more', { field: 'ClientRequestToken' });
}

// arn:aws:lambda:<region>:<account>:function:<name>[:<alias or version>]
function withoutQualifier(functionArn: string): string {
  return functionArn.split(':').slice(0, 7).join(':');
}
