import { readFileSync } from 'node:fs';

import type { KeyturnEvent } from '@keyturn/events/define-event';
import { describe, expect, test } from 'vitest';

import { announcementOf } from './announcement.ts';
import { parseNotifiedEvent, type NotifiedType } from './notified-event.ts';
import { pauseNotice } from './pause-notice.ts';
import { delivered, facts, rotationEvents as events } from './rotation-events.ts';
import { learn, type Story } from './story.ts';
import { testNotice } from './test-notice.ts';

const page = readFileSync(new URL('../../../docs/for-app-owners.md', import.meta.url), 'utf8');
const table = page.slice(page.indexOf('| message |'), page.indexOf('## When something is wrong'));
/** What stands in the first column, with … for whatever differs from message to message. */
const rows = table
  .split('\n')
  .slice(2)
  .flatMap((line) => /^\| (.+?) \|/.exec(line)?.[1] ?? []);

const rotated = events.rotated();
/** What is heard, the last event being the one that is told: at least one for each kind of event, and each headline that there is. */
const heard: Readonly<Record<NotifiedType, readonly (readonly KeyturnEvent[])[]>> = {
  SecretAdopted: [[events.adopted()], [events.adopted(0, { nextRotationAt: null })]],
  SecretRotated: [
    [rotated],
    [events.rotated(10, { cause: 'rollback' })],
    [events.rotated(10, { cause: 'manual' })],
    [events.failed(), rotated],
  ],
  CredentialVerified: [
    [rotated, events.verified()],
    [events.refused(11), events.verified(12)],
  ],
  CredentialAdopted: [[events.rotated(10, { cause: 'manual' }), events.takenOver()]],
  CredentialDisabled: [
    [rotated, events.disabled()],
    [events.rotated(10, { cause: 'rollback' }), events.disabled()],
  ],
  CredentialRetired: [
    [rotated, events.retired()],
    [events.rotated(10, { cause: 'rollback' }), events.retired()],
  ],
  CredentialRestored: [[events.restored()]],
  OrphanFound: [[events.found()], [events.found(90, { secretGone: true })]],
  OrphanReaped: [[events.reaped()], [events.found(), events.reaped(90, { formerSecret: 'orders/legacy' })]],
  RotationOverdue: [
    { why: 'missed' },
    { why: 'not-attached' },
    { why: 'disabled' },
    { why: 'foreign-function' },
    { why: 'misconfigured', about: 'tag keyturn:policy' },
    { why: 'replica-failed', about: 'eu-west-1' },
    { why: 'admin-secret', about: 'providers.apigee.adminSecret: too-old' },
    { why: 'admin-secret', about: 'providers.apigee.adminSecret: secret-missing' },
  ].map((data) => [events.overdue(60, data)]),
  RotationFailed: [
    { retryable: true },
    { retryable: false, liveCredential: 'new' },
    { retryable: false, liveCredential: 'unknown', attempt: 3 },
    { reason: 'abandoned' },
  ].map((data) => [events.failed(5, data)]),
  VerificationFailed: ['key-rejected', 'shape-mismatch', 'shared-key', 'misconfigured'].map((reason) => [
    rotated,
    events.refused(11, { reason }),
  ]),
  RetirementHeld: [
    { reason: 'not-approved', step: 'disable' },
    { reason: 'not-approved', step: 'delete' },
    { reason: 'still-read' },
    { reason: 'still-used' },
    { reason: 'still-used', overMaxGrace: true },
    { reason: 'not-adopted' },
    { reason: 'not-adopted', overMaxGrace: true },
    { reason: 'key-rejected' },
    { reason: 'shared-key' },
    { reason: 'target-missing' },
    { reason: 'not-yours' },
  ].map((data) => [rotated, events.held(1500, data)]),
};

function headlineOf(all: readonly KeyturnEvent[]): string {
  let story: Story | undefined;
  let headline: string | undefined;
  for (const event of all) {
    const parsed = parseNotifiedEvent(delivered(event));
    if (parsed === undefined) throw new Error('a replayed event');
    story = learn(story, parsed);
    headline = announcementOf(parsed, story)?.notice.headline;
  }
  if (headline === undefined) throw new Error('nobody is told');
  return headline.replace('orders/api-key (prod): ', '');
}

const fits = (headline: string) => (row: string) =>
  new RegExp(
    `^${row
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*')}$`,
  ).test(headline);

const pause = (why: 'failed-verifications' | 'disables') => {
  const { environment, runbookUrl } = facts;
  return { environment, runbookUrl, why, count: 6, limit: 5, since: '2027-03-01T08:04:00.000Z' };
};

const headlines = [
  ...Object.values(heard).flat().map(headlineOf),
  ...(['failed-verifications', 'disables'] as const).map((why) => pauseNotice(pause(why)).headline),
  testNotice({ owner: 'payments', environment: 'prod', requestedBy: 'jo', runbookUrl: facts.runbookUrl }).headline,
];

describe('the page for application owners', () => {
  test.each(headlines)('says what it means: %s', (headline) => {
    expect(rows.filter(fits(headline))).not.toEqual([]);
  });

  test.each(rows)('lists no message that nobody gets: %s', (row) => {
    expect(headlines.filter((headline) => fits(headline)(row))).not.toEqual([]);
  });
});
