import { FleetPaused } from '@keyturn/events/fleet-paused';
import { NotificationTestRequested } from '@keyturn/events/notification-test-requested';
import * as z from 'zod';

import { parseNotifiedEvent, type NotifiedEvent } from './notified-event.ts';

export type TestRequest = { readonly type: 'NotificationTestRequested' } & NotificationTestRequested;

export type PausedFleet = { readonly type: 'FleetPaused' } & FleetPaused;

const ofNoSecret = z.object({
  'detail-type': z.literal(['NotificationTestRequested', 'FleetPaused']),
  'replay-name': z.string().optional(),
});

/**
 * What the queue holds: facts for owners, a fleet that paused itself, and requests to test an owner's addresses. undefined: a replayed one, which nobody is
 * told of again.
 */
export function parseQueuedEvent(body: unknown): NotifiedEvent | PausedFleet | TestRequest | undefined {
  const { success, data } = ofNoSecret.safeParse(body);
  if (!success) return parseNotifiedEvent(body);
  const { 'detail-type': type, 'replay-name': replayName } = data;
  if (replayName !== undefined) return undefined;
  if (type === 'FleetPaused') return { type, ...FleetPaused.parse(body) };
  return { type, ...NotificationTestRequested.parse(body) };
}
