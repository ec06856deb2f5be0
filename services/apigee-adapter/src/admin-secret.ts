import type { SecretReader } from '@keyturn/aws/secret-store';
import { jsonOf } from '@keyturn/http/parse-answer';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

export type AdminSecret = {
  readonly secrets: Pick<SecretReader, 'value'>;
  /** Name or ARN of the secret to prove oneself with. */
  readonly adminSecret: string;
};

/**
 * The secret as JSON of this form, and its text, by which a change is noticed. `wanted`: what it has to hold, in words.
 * PermanentError('misconfigured') names secret and field, never a value.
 */
export async function readAdminSecret<Schema extends z.ZodType>(
  { secrets, adminSecret }: AdminSecret,
  schema: Schema,
  wanted: string,
): Promise<{ readonly value: z.output<Schema>; readonly text: Hidden }> {
  const version = await secrets.value(adminSecret, { stage: 'AWSCURRENT' });
  if (version === undefined) throw unusableSecret(adminSecret, 'holds nothing');
  const parsed = schema.safeParse(jsonOf(version)?.value);
  if (parsed.success) return { value: parsed.data, text: version.text };
  throw unusableSecret(adminSecret, `is not ${wanted}`, parsed.error.issues[0]?.path.join('.') || 'adminSecret');
}

/** `field`: of the secret's content, or adminSecret where the secret as a whole is meant. */
export function unusableSecret(adminSecret: string, problem: string, field = 'adminSecret'): PermanentError {
  return new PermanentError('misconfigured', `The secret of the Apigee administrator, ${adminSecret}, ${problem}`, {
    field,
  });
}
