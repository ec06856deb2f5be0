import { NotificationTestRequested } from '@keyturn/events/notification-test-requested';
import * as z from 'zod';

import { parseNotifiedEvent, type NotifiedEvent } from './notified-event.ts';

export type TestRequest = { readonly type: 'NotificationTestRequested' } & NotificationTestRequested;

const test = z.object({ 'detail-type': z.literal('NotificationTestRequested'), 'replay-name': z.string().optional() });

/** What the queue holds: facts for owners, and requests to test their addresses. undefined: a replayed one, which nobody is told of again. */
export function parseQueuedEvent(body: unknown): NotifiedEvent | TestRequest | undefined {
  const { success, data } = test.safeParse(body);
  if (!success) return parseNotifiedEvent(body);
  if (data['replay-name'] !== undefined) return undefined;
  return { type: 'NotificationTestRequested', ...NotificationTestRequested.parse(body) };
}
