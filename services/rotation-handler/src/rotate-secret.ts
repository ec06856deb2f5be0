import { managedSecret } from '@keyturn/config/managed-secret';
import { PermanentError } from '@keyturn/rotation/errors';

import { createSecret } from './create-secret.ts';
import { concludeRotation, finishSecret } from './finish-secret.ts';
import { guardRotation, refuseForeignSecret } from './guard-rotation.ts';
import { publishFailure } from './publish-failure.ts';
import type { RotationRequest } from './rotation-request.ts';
import type { Deps, Rotation } from './rotation.ts';
import { setSecret } from './set-secret.ts';
import { testSecret } from './test-secret.ts';

export type Invocation = {
  readonly request: RotationRequest;
  /** ARN under which this function was called. */
  readonly ownArn: string;
  /** When the function has to be done, by the clock. */
  readonly deadline: number;
};

/**
 * One step of a rotation. A failure is published and thrown again: to return would tell Secrets Manager that the step succeeded.
 */
export async function rotateSecret({ request, ownArn, deadline }: Invocation, deps: Deps): Promise<void> {
  const description = await deps.secrets.describe(request.secretArn);
  refuseForeignSecret(description, ownArn);
  try {
    if (guardRotation(description, request.token) === 'finished') {
      await concludeRotation(description.arn, request.token, deps);
      return;
    }
    const secret = managedSecret(description, deps.config);
    const provider = deps.provider(secret.provider.id);
    await runStep({ request, description, secret, provider, deadline }, deps);
  } catch (error) {
    await publishFailure({ request, description, error }, deps);
    throw error;
  }
}

function runStep(rotation: Rotation, deps: Deps): Promise<void> {
  switch (rotation.request.step) {
    case 'createSecret':
      return createSecret(rotation, deps);
    case 'setSecret':
      return setSecret(rotation, deps);
    case 'testSecret':
      return testSecret(rotation, deps);
    case 'finishSecret':
      return finishSecret(rotation, deps);
    case 'unknown':
      throw new PermanentError('unknown-step', 'Secrets Manager asks for a step that nobody knows', { field: 'Step' });
  }
}
