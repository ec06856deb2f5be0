import { reasons } from '@keyturn/rotation/errors';
import type { KeyturnEvent } from '@keyturn/events/define-event';
import { expect, test } from 'vitest';

import type { Notice } from './notice.ts';
import { parseNotifiedEvent } from './notified-event.ts';
import { reasonText } from './reason-text.ts';
import { delivered, rotationEvents as events } from './rotation-events.ts';
import { storyNotice } from './story-notice.ts';
import { learn, type Story } from './story.ts';

test('an adopted secret: nothing has changed yet, and when it will', () => {
  const notice = told(events.adopted());

  expect(notice.headline).toBe(
    'orders/api-key (prod): its key is rotated automatically from now on, first on 31 March 2027, 08:00 UTC',
  );
  expect(notice.lines[0]).toContain('Nothing has changed yet: the present key stays in use.');
  expect(notice.facts).toContainEqual({ label: 'Schedule', value: 'every 30 days' });
});

test('a rotated key: who has to do what until when', () => {
  const notice = told(events.rotated());

  expect(notice.lines).toEqual([
    'Keyturn put a new key into this AWS secret, after the API had accepted it.',
    'Applications that read the secret from AWS Secrets Manager need no change. Whoever keeps a copy of the key elsewhere has to replace it by 2 March 2027, 08:10 UTC.',
  ]);
  expect(notice.facts).toEqual([
    { label: 'Secret', value: 'orders/api-key' },
    { label: 'Environment', value: 'prod' },
    { label: 'Owner', value: 'payments' },
    { label: 'Provider', value: 'apigee' },
    { label: 'Old key works until', value: '2 March 2027, 08:10 UTC' },
    { label: 'Next rotation', value: '31 March 2027, 08:00 UTC' },
  ]);
});

test('a key that no request was made with says so', () => {
  const notice = told(events.rotated(10, { verification: 'controlPlane' }));

  expect(notice.lines[0]).toContain('No request to the API was made with it.');
});

test.each(['manual', 'rollback'])('what a person put there (%s) is good only once it was checked', (cause) => {
  const before = told(events.rotated(10, { cause }));
  const after = told(events.rotated(10, { cause }), events.verified());

  expect([before.tone, after.tone]).toEqual(['plain', 'good']);
});

test('whoever is asked to check an application is not told that nobody has to do anything', () => {
  const known = told(events.failed()).lines.join(' ');
  const unknown = told(events.failed(5, { liveCredential: 'unknown' })).lines.join(' ');

  expect(known).toContain('Nobody has to do anything now.');
  expect(unknown).toContain('Look now whether your application works.');
  expect(unknown).not.toContain('Nobody has to do anything');
});

test('a rotation without an end for the old key, or without an old key, promises nothing', () => {
  const endless = told(events.rotated(10, { oldCredentialValidUntil: null, nextRotationAt: null }));
  const first = told(events.rotated(10, { previousVersionId: null, oldCredentialValidUntil: null }));

  expect(endless.headline).toBe('orders/api-key (prod): key rotated');
  expect(endless.lines[1]).toBe('The key that was replaced keeps working: no end is set for it.');
  expect(endless.facts.at(-1)).toEqual({ label: 'Next rotation', value: 'not scheduled' });
  expect(first.lines).toHaveLength(1);
});

test('a failed rotation: which key is live, what happened, what to do, what happens next', () => {
  const notice = told(
    events.failed(5, { step: 'setSecret', reason: 'misconfigured', field: 'tag keyturn:policy', retryable: false }),
  );

  expect(notice).toMatchObject({
    tone: 'bad',
    headline: 'orders/api-key (prod): rotation failed, the old key stays in use; somebody has to act',
    lines: [
      'The secret still holds the old key: applications go on as before.',
      'What happened: it stopped while registering the new key at the provider. The configuration of Keyturn, or a tag on the secret, is wrong or missing.',
      'What to do: Correct the configuration or the tag. Look at: tag keyturn:policy.',
      'What happens next: AWS Secrets Manager tries again by itself, at the latest on 31 March 2027, 08:00 UTC. Until that is done, it is likely to fail in the same way.',
    ],
    link: { label: 'What to do, step by step', url: 'https://runbooks.example.com/keyturn' },
  });
});

test('a failed rotation that heals by itself asks for nothing', () => {
  const notice = told(events.failed(5), events.failed(7));

  expect(notice.tone).toBe('warning');
  expect(notice.lines.join(' ')).toContain(
    'tries again by itself, at the latest on 31 March 2027, 08:00 UTC. Nobody has to do anything now.',
  );
  expect(notice.facts.at(-1)?.value).toBe('2 times, from 1 March 2027, 08:05 UTC to 1 March 2027, 08:07 UTC');
});

test.each([
  ['new', 'the new key is in use already', 'The secret already holds the new key'],
  [
    'unknown',
    'nobody knows whether the key in use works; look at your application now',
    'Look now whether your application works.',
  ],
])('a failed rotation that leaves the %s key says so first', (liveCredential, inShort, line) => {
  const notice = told(events.failed(5, { liveCredential }));

  expect(notice.headline).toContain(inShort);
  expect(notice.lines[0]).toContain(line);
});

test('an abandoned rotation does not claim to know what the secret holds', () => {
  const notice = told(events.failed(5, { reason: 'abandoned', step: 'unknown', retryable: false }));

  expect(notice.headline).toBe(
    'orders/api-key (prod): rotation given up, its new key never came into use; please check',
  );
  expect(notice.lines.join(' ')).not.toContain('old key');
});

test('a refused key: what to do, and that the key before it may still work', () => {
  const notice = told(events.rotated(), events.refused(11, { code: 'oauth.v2.InvalidApiKey' }));

  expect(notice).toMatchObject({
    tone: 'bad',
    headline: 'orders/api-key (prod): THE CURRENT KEY IS REFUSED, applications that use it are failing or soon will',
    lines: [
      'Keyturn read the secret as applications do and tried what it holds at apigee. The API does not accept the key. The answer was: oauth.v2.InvalidApiKey.',
      'What to do: Check at the provider that the app, the key and its products are approved.',
      'The secret still has the key that it held before. While that key works, "keyturn rollback" puts it back into use.',
    ],
  });
});

test('a key that could not be checked is not called refused', () => {
  const notice = told(events.rotated(), events.refused(11, { reason: 'misconfigured' }));

  expect(notice.headline).toBe(
    'orders/api-key (prod): the current key could not be checked, applications may be failing',
  );
  expect(notice.lines.join(' ')).not.toContain('rollback');
});

test('a held retirement: nobody is harmed, but an old key is there', () => {
  const notice = told(events.rotated(), events.held());

  expect(notice.headline).toBe('orders/api-key (prod): an old key is due to be removed, but had to be kept');
  expect(notice.lines[0]).toContain('Applications are not affected');
  expect(notice.lines[2]).toContain('Keyturn looks again by 2 March 2027, 10:00 UTC.');
});

test('a key that was switched on again tells a stranger’s act from our own', () => {
  const strange = told(events.restored());
  const rollback = told(events.rotated(10, { cause: 'rollback' }), events.restored(12));

  expect(strange.lines[1]).toContain('Find out who or what switched it off');
  expect(rollback.headline).toContain('rolled back to an earlier key');
});

test('a left-over key of a failed attempt is told in the alert about it', () => {
  const notice = told(events.failed(5, { retryable: false, reason: 'key-rejected' }), events.reaped());

  expect(notice.headline).toContain('rotation failed');
  expect(notice.lines.at(-1)).toBe('The new key that this attempt had made is deleted.');
});

test('every reason is told in sentences, and a reason of a later version in its own words', () => {
  for (const reason of reasons) {
    const { why, todo } = reasonText(reason);
    expect([why, todo]).toEqual([expect.stringMatching(/^[A-Z].+\.$/), expect.stringMatching(/^[A-Z].+\.$/)]);
  }
  expect(reasonText('moon-phase').why).toBe('The reason that was given is: moon-phase.');
  expect(reasonText('constructor').why).toBe('The reason that was given is: constructor.');
});

function told(...heard: KeyturnEvent[]): Notice {
  const story = heard.reduce<Story | undefined>(
    (story, event) => learn(story, parseNotifiedEvent(delivered(event))!),
    undefined,
  );
  return storyNotice(story!);
}
