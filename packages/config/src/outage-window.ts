import { parseSchedule } from '@keyturn/aws/schedule-expression';
import type { SecretDescription } from '@keyturn/aws/secret-store';

import type { Config } from './config.ts';
import { entry } from './entry.ts';
import { tagNames } from './managed-secret.ts';

const hourMs = 3_600_000;

type Scheduled = { readonly schedule: string; readonly window: string | undefined };

/** A time in which requests may fail, in milliseconds since 1970. */
export type OutageWindow = { readonly from: number; readonly until: number };

/** The window of the schedule that is open at `now`, or else the next one; undefined where there is none. */
export function outageWindow({ schedule, window }: Scheduled, now: number): OutageWindow | undefined {
  const parsed = parseSchedule(schedule);
  if (window === undefined || parsed?.kind !== 'cron') return undefined;
  const lengthMs = Number.parseInt(window, 10) * hourMs;
  const from = parsed.next(now - lengthMs);
  return from === undefined ? undefined : { from, until: from + lengthMs };
}

/** Whether a rotation of the secret may have ended the old key before the new one is current, whatever else is wrong with its tags. */
export function acceptsOutage({ tags }: Pick<SecretDescription, 'tags'>, { policies }: Config): boolean {
  return entry(policies, entry(tags, tagNames.policy) ?? '')?.acceptOutage === true;
}
