import * as z from 'zod';

import { defineEvent } from './define-event.ts';

/** A person wants to see that messages for an owner arrive. Nothing happened to any secret. */
export const NotificationTestRequested = defineEvent('NotificationTestRequested', '1.0', {
  owner: z.string(),
  environment: z.string(),
  runbookUrl: z.string(),
  requestedBy: z.string(),
});
export type NotificationTestRequested = z.output<typeof NotificationTestRequested.detail>;
