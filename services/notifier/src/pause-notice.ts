import type { FleetPaused } from '@keyturn/events/fleet-paused';

import type { Notice } from './notice.ts';
import { utcTime } from './utc-time.ts';

const what = {
  'failed-verifications': {
    headline: 'current keys are refused',
    line: 'the current keys of so many secrets are refused by their provider. The owner of each was told',
    field: 'breaker.failedVerifications',
  },
  disables: {
    headline: 'old keys were to be switched off',
    line: 'so many old keys were to be switched off. Maybe as many secrets were rotated at once on purpose; maybe something moved them that should not',
    field: 'breaker.disables',
  },
} as const;

/** For the people who run Keyturn: nothing is switched off until they say so. */
export function pauseNotice({ environment, why, count, limit, since, runbookUrl }: FleetPaused['data']): Notice {
  const { headline, line, field } = what[why];
  return {
    tone: 'bad',
    headline: `Keyturn (${environment}) paused itself: ${count} ${headline} within an hour`,
    lines: [
      `Since ${utcTime(Date.parse(since))} ${line}.`,
      'No key is switched off or deleted until somebody has looked and runs "keyturn resume". Rotations go on, and each old key keeps working.',
    ],
    facts: [
      { label: 'Environment', value: environment },
      { label: 'Within an hour', value: String(count) },
      { label: `Let pass (${field})`, value: String(limit) },
    ],
    link: { label: 'What to do', url: runbookUrl },
  };
}
