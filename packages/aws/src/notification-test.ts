import * as z from 'zod';

import type { LedgerKey } from './ledger.ts';

const outcome = z.object({
  /** As people know it, such as `Slack C0PAYMENTS1`. */
  address: z.string(),
  /** `waiting`: not tried yet. `retried`: it failed in a way that may pass, and is tried again. */
  state: z.enum(['waiting', 'delivered', 'refused', 'retried']),
  /** Why it failed, and the field of the configuration to look at. */
  message: z.string().nullable(),
  field: z.string().nullable(),
});
export type NotificationOutcome = z.output<typeof outcome>;

/** What became of a message that is about no secret, such as a test of an owner's addresses: the notifier writes it, the command line reads that of a test. */
export const notificationTest = z.object({
  owner: z.string(),
  /** Whether the deployed configuration has a route of this owner; if not, the addresses are those of the default. */
  hasRoute: z.boolean(),
  outcomes: z.array(outcome),
});
export type NotificationTest = z.output<typeof notificationTest>;

/** Of the message that the fleet paused itself; `id` is the correlation id of the event. */
export const fleetNoticeKey = (id: string): LedgerKey => ({ partition: 'told#fleet', row: `paused#${id}` });

/** In a partition that the notifier may write. `id` is the correlation id of the request. */
export const notificationTestKey = (id: string): LedgerKey => ({ partition: 'told#tests', row: `test#${id}` });
