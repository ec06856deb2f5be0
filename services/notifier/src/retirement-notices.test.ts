import type { KeyturnEvent } from '@keyturn/events/define-event';
import { expect, test } from 'vitest';

import { parseNotifiedEvent } from './notified-event.ts';
import type { Notice } from './notice.ts';
import { delivered, rotationEvents as events } from './rotation-events.ts';
import { disabledNotice } from './rotation-notices.ts';
import { storyNotice } from './story-notice.ts';
import { learn, overtake, story, type Story } from './story.ts';

function learnt(...heard: readonly KeyturnEvent[]): Story {
  let known: Story | undefined;
  for (const event of heard) {
    const parsed = parseNotifiedEvent(delivered(event));
    if (parsed !== undefined) known = learn(known, parsed);
  }
  return story.parse(JSON.parse(JSON.stringify(known)));
}

const told = (...heard: readonly KeyturnEvent[]): Notice => storyNotice(learnt(...heard));
const words = ({ headline, lines }: Notice) => [headline, ...lines].join('\n');
const live = { versionId: 'v1', fingerprint: '3f9a1c', createdAt: '2027-02-01T02:00:00Z' };

test('a refused key with one that works: which it is, since when, the one command, and that it is kept', () => {
  const notice = told(events.rotated(10, { cause: 'manual' }), events.refused(11, { live }));

  expect(notice.lines).toEqual([
    'Keyturn read the secret as applications do and tried what it holds at apigee. The API does not accept the key.',
    'The key before it still works: key 3f9a1c of version v1, which was written on 1 February 2027, 02:00 UTC. This one command puts it back: keyturn rollback orders/api-key --yes',
    'That older key is not retired meanwhile: Keyturn keeps it for as long as what the secret holds now does not work.',
    'What to do otherwise: Check at the provider that the app, the key and its products are approved.',
  ]);
  expect(notice.facts.at(-1)).toEqual({ label: 'Key that works', value: '3f9a1c, of version v1' });
});

test('a refused key without one that works does not promise any', () => {
  const text = words(told(events.rotated(), events.refused(11, { live: null })));

  expect(text).toContain('could not confirm that the key which the secret held before works still');
  expect(text).not.toContain('puts it back');
});

test.each([
  ['shape-mismatch', 'WHAT THE SECRET HOLDS NOW IS NO KEY'],
  ['shared-key', 'THE CURRENT KEY BELONGS TO ANOTHER SECRET, and will stop working when that one is rotated'],
])('%s has words of its own', (reason, headline) => {
  const notice = told(events.rotated(), events.refused(11, { reason, live }));

  expect(notice.headline).toContain(headline);
  expect(words(notice)).toContain('keyturn rollback orders/api-key --yes');
});

test('the shared key is not called refused, for it works', () => {
  expect(words(told(events.rotated(), events.refused(11, { reason: 'shared-key', live })))).not.toContain('REFUSED');
});

test('a key that was put in by hand is told as adopted, in the thread and in the story', () => {
  const notice = told(events.rotated(10, { cause: 'manual' }), events.takenOver(11));

  expect(notice.lines.at(-1)).toBe(
    '1 March 2027, 08:11 UTC: the key that was put in by hand was adopted, Keyturn rotates it from now on.',
  );
});

test.each([
  [
    'disable',
    'waits for your approval before it is switched off',
    'Run "keyturn approve orders/api-key", and the old key is switched off',
  ],
  [
    'delete',
    'waits for your approval before it is deleted for good',
    'run "keyturn approve orders/api-key": then it is deleted',
  ],
])('what waits for an approval to %s, and how to let it go', (step, headline, todo) => {
  const notice = told(events.rotated(), events.disabled(1400), events.held(1500, { reason: 'not-approved', step }));

  expect(notice.headline).toContain(headline);
  expect(words(notice)).toContain(todo);
});

test.each([
  ['still-read', 'somebody still reads it', 'Find out who reads this secret'],
  ['still-used', 'somebody still uses it', 'Find the application that has a copy'],
  ['not-adopted', 'an application has not let go of it', 'Let that application read the secret again'],
])('%s is told with who to look for, and in other words once it is too old', (reason, use, todo) => {
  const first = told(events.rotated(), events.held(1500, { reason, overMaxGrace: false }));
  const later = told(
    events.rotated(),
    events.held(1500, { reason }),
    events.held(9000, { reason, overMaxGrace: true }),
  );

  expect(first.headline).toBe(`orders/api-key (prod): an old key is due to be removed, but ${use}`);
  expect(words(first)).toContain(todo);
  expect(later.headline).toBe(`orders/api-key (prod): an old key LIVES LONGER THAN THE POLICY ALLOWS, because ${use}`);
  expect(words(later)).toContain('afterMaxGrace: force');
});

test('readers that are late are named', () => {
  const notice = told(events.rotated(), events.held(1500, { reason: 'not-adopted', lateReaders: ['shop', 'billing'] }));

  expect(words(notice)).toContain('In the configuration it is: shop, billing.');
});

test('a policy that will not wait for ever says until when', () => {
  const notice = told(events.rotated(), events.held(1500, { reason: 'still-read', forceAt: '2027-03-08T08:10:00Z' }));

  expect(notice.lines.at(-1)).toContain('waits no longer than 8 March 2027, 08:10 UTC');
});

test('an unmarked old key: why it is not touched, and who can delete it', () => {
  expect(words(told(events.rotated(), events.held(1500, { reason: 'not-yours' })))).toContain(
    'delete it by hand at apigee',
  );
});

test('the end of another key of the same change does not hide a key that is held', () => {
  const heldThen = (versionId: string) =>
    told(events.rotated(), events.held(1500, { versionId }), events.disabled(1500), events.retired()).headline;

  expect(heldThen('v0')).toContain('had to be kept');
  expect(heldThen('v1')).toContain('old key deleted');
});

test('a story that an earlier version wrote down is read', () => {
  const {
    versionId: _,
    step: _step,
    overMaxGrace: _over,
    forceAt: _force,
    lateReaders: _late,
    ...old
  } = learnt(events.held()).held!;

  expect(story.parse({ ...learnt(events.held()), held: old }).held).toMatchObject({ step: 'disable', forceAt: null });
});

test('an old key that is held because the current one is refused: applications are affected, and what to do', () => {
  const text = words(told(events.rotated(), events.held(1500, { reason: 'key-rejected' })));

  expect(text).toContain('an old key is kept, because the current one is refused');
  expect(text).toContain('keyturn rollback orders/api-key --yes');
  expect(text).not.toContain('not affected');
});

test('a key that a person put in is not promised to work before it was checked', () => {
  const text = words(told(events.rotated(10, { cause: 'manual' })));

  expect(text).toContain('tells here whether it is accepted');
  expect(text).toContain('If it is, applications that read the secret');
});

test('the page of what went wrong is not linked by what is told when it is over', () => {
  const page = 'https://runbooks.example.com/keyturn/key-rejected';
  const refused = events.refused(11, { runbookUrl: page });

  expect(told(events.rotated(), refused).link.url).toBe(page);
  expect(overtake(learnt(events.rotated(), refused), Date.parse('2027-03-01T09:00:00Z'))).toMatchObject({
    secret: { runbookUrl: 'https://runbooks.example.com/keyturn' },
  });
});

test('an old key that is held because a version does not fit: nobody is told that applications are well', () => {
  const notice = told(events.rotated(), events.held(1500, { reason: 'shape-mismatch' }));

  expect(notice.lines[0]).toContain('If it is the current one, they may be failing');
});

test.each([
  ['target-missing', 'if the app is gone'],
  ['secret-missing', 'are failing'],
  ['secret-deleting', 'are failing'],
  ['key-disabled', 'If it is the current one, they are failing.'],
  ['access-denied', 'cannot tell whether applications are affected'],
  ['shared-key', 'they fail when that one is rotated'],
])('an old key that is held with %s: nobody is told that applications go on', (reason, says) => {
  const text = words(told(events.rotated(), events.held(1500, { reason })));

  expect(text).toContain(says);
  expect(text).not.toContain('Applications are not affected by this');
  expect(text).not.toContain('is due to be removed');
});

test('a key that is switched off is not promised to be deleted then: its policy may want a person to agree', () => {
  const notice = told(events.rotated(), events.disabled());
  const alone = disabledNotice(learnt(events.rotated(), events.disabled()), { at: 0, deleteAt: 0 });

  expect(notice.headline).toContain('to be deleted on 9 March 2027, 09:00 UTC at the earliest');
  expect(words(alone)).toContain('at the earliest');
  expect(words(alone)).toContain('Where the policy wants a person to agree to its deletion');
});

test('who owned the last secret of a place is told of its own key, and that Keyturn leaves it', () => {
  const text = words(told(events.found(90, { formerSecret: 'orders/api-key', secretGone: true, reapAt: null })));

  expect(text).toContain('the secret is gone, and a key still works in its place');
  expect(text).toContain('No secret with this place is left.');
  expect(text).toContain('never the last one of a place');
  expect(text).not.toContain('is not affected');
});
