import * as z from 'zod';

import { defineEvent } from './define-event.ts';

/** Too much went wrong in an hour, or too much was done: nothing is switched off, deleted or cleared until a person lets the fleet go on. */
export const FleetPaused = defineEvent('FleetPaused', '1.0', {
  environment: z.string(),
  runbookUrl: z.string(),
  why: z.enum(['failed-verifications', 'disables']),
  /** So many within an hour, and how many the configuration lets pass. */
  count: z.int().positive(),
  limit: z.int().positive(),
  /** When the first of them happened, to the minute. */
  since: z.iso.datetime(),
});
export type FleetPaused = z.output<typeof FleetPaused.detail>;
