import { PermanentError } from '@keyturn/rotation/errors';
import type * as z from 'zod';

import type { HttpAnswer } from './http-exchange.ts';

/** The answer as JSON of this form. PermanentError('provider-answer') where it is HTML, nothing, or something else; never with what came. */
export function parseAnswer<Schema extends z.ZodType>(answer: HttpAnswer, schema: Schema): z.output<Schema> {
  const json = jsonOf(answer);
  if (json === undefined) {
    const came = answer.text.reveal() === '' ? 'nothing' : 'no JSON';
    throw new PermanentError('provider-answer', `${answer.summary}: ${came} came back`, { field: 'answer' });
  }
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PermanentError('provider-answer', `${answer.summary}: the answer has another form than expected`, {
    field: issue?.path.map(String).join('.') || 'answer',
  });
}

/** An answer, or what a secret holds, as JSON; undefined where it is none. */
export function jsonOf(answer: Pick<HttpAnswer, 'text'>): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(answer.text.reveal()) };
  } catch {
    // A SyntaxError quotes what it could not read.
    return undefined;
  }
}
