import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { PermanentError } from '@keyturn/rotation/errors';

import type { BusEvent } from './event-bus.ts';

/** AWS takes 1 MB; an event of ours is about 1.5 KB, and up to 64 KB are billed as one. */
const maxBytes = 64 * 1024;

/** The event as PutEvents takes it. PermanentError('malformed') where it is larger than any event of ours can be. */
export function busEntry(event: BusEvent) {
  const entry = {
    Source: event.source,
    DetailType: event['detail-type'],
    Resources: [...event.resources],
    Detail: JSON.stringify(event.detail),
  } satisfies PutEventsRequestEntry;
  const bytes = [entry.Source, entry.DetailType, entry.Detail, ...entry.Resources].reduce(
    (sum, part) => sum + Buffer.byteLength(part),
    0,
  );
  if (bytes > maxBytes) {
    throw new PermanentError('malformed', `${entry.DetailType} has ${bytes} bytes, more than ${maxBytes}`, {
      field: 'detail',
    });
  }
  return entry;
}
