import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import type { LogFields } from './log.ts';

/**
 * What `parse` makes of a body. Whatever goes wrong here is a PermanentError, because a message does not get better by waiting; it names fields
 * and keeps what stands in the body to itself.
 */
export function parseMessage<Message>(body: string, parse: (body: unknown) => Message): Message {
  const json = parseJson(body);
  if (json === undefined) throw malformed('The message is not JSON', 'body');
  try {
    return parse(json.value);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    if (!(error instanceof z.ZodError)) throw malformed('The message cannot be read', 'body');
    const fields = [...new Set(error.issues.map(({ path }) => path.join('.') || 'body'))];
    throw malformed(`The message is not what it should be: ${fields.join(', ')}`, fields[0]);
  }
}

function malformed(message: string, field: string | undefined): PermanentError {
  return new PermanentError('malformed', message, { field });
}

// A message can be anything: only what looks like a name or an id is logged.
const word = z.string().regex(/^[\w .:/#-]{1,300}$/);

const envelope = z.object({
  'detail-type': word.optional().catch(undefined),
  detail: z
    .object({
      metadata: z
        .object({ eventId: word.optional().catch(undefined), correlationId: word.optional().catch(undefined) })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** What may be logged of a body: the type of the event and the ids that connect it with others. */
export function aboutMessage(body: string): LogFields {
  const parsed = envelope.safeParse(parseJson(body)?.value);
  const { 'detail-type': eventType, detail } = parsed.data ?? {};
  return { eventType, eventId: detail?.metadata?.eventId, correlationId: detail?.metadata?.correlationId };
}

// The SyntaxError quotes the body, so it stays here.
function parseJson(body: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body) };
  } catch {
    return undefined;
  }
}
