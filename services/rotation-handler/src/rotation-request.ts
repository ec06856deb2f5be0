import { PermanentError } from '@keyturn/rotation/errors';
import { parseSecretArn } from '@keyturn/rotation/mark';
import * as z from 'zod';

export type Step = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';

/** One step of a rotation, as Secrets Manager asks for it. The rotation token is secret material. */
export type RotationRequest = {
  readonly secretArn: string;
  readonly token: string;
  readonly step: Step | 'unknown';
  readonly rotationToken: string | undefined;
};

// The documentation spells the steps both ways.
const steps = new Map<string, Step>([
  ['createSecret', 'createSecret'],
  ['create_secret', 'createSecret'],
  ['setSecret', 'setSecret'],
  ['set_secret', 'setSecret'],
  ['testSecret', 'testSecret'],
  ['test_secret', 'testSecret'],
  ['finishSecret', 'finishSecret'],
  ['finish_secret', 'finishSecret'],
]);

const event = z.object({
  Step: z.string(),
  SecretId: z.string(),
  ClientRequestToken: z.string().regex(/^[\w-]{32,64}$/),
  RotationToken: z.string().optional(),
});

/** Throws PermanentError('malformed') that names the field. A step nobody knows is kept as `unknown`, so that the owner can be told. */
export function parseRotationRequest(input: unknown): RotationRequest {
  const parsed = event.safeParse(input);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') || 'event';
    throw new PermanentError('malformed', `Not a rotation event: ${field} is missing or wrong`, {
      field,
    });
  }
  const { Step, SecretId, ClientRequestToken, RotationToken } = parsed.data;
  parseSecretArn(SecretId);
  return {
    secretArn: SecretId,
    token: ClientRequestToken,
    step: steps.get(Step) ?? 'unknown',
    rotationToken: RotationToken,
  };
}

/** What may be logged of an event: which rotation, never the rotation token. */
export function aboutRequest(input: unknown): Readonly<Record<string, unknown>> {
  const { Step, SecretId, ClientRequestToken } = event.partial().catch({}).parse(input);
  return { step: Step, secretArn: SecretId, versionId: ClientRequestToken };
}
