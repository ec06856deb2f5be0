import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { ZodError } from 'zod';

import { parseNotifiedEvent } from './notified-event.ts';
import { parseQueuedEvent } from './queued-event.ts';
import { delivered, rotationEvents as events } from './rotation-events.ts';

const examples = new URL('../../../events/examples/', import.meta.url);

// What readers say is cleanup's business.
test.each(readdirSync(examples).filter((name) => name.endsWith('.json') && name !== 'VersionAdopted.json'))(
  'takes the golden example %s',
  (name) => {
    const example: unknown = JSON.parse(readFileSync(new URL(name, examples), 'utf8'));

    const event = parseQueuedEvent(example);

    expect(event?.type).toBe(name.replace('.json', ''));
  },
);

test('ignores a replayed event', () => {
  expect(parseNotifiedEvent({ ...delivered(events.rotated()), 'replay-name': 'after-the-outage' })).toBeUndefined();
});

test.each([
  ['a fact that is not for owners', { ...events.rotated(), 'detail-type': 'LabelMoved' }, 'detail-type'],
  ['an event of another source', { ...events.rotated(), source: 'aws.secretsmanager' }, 'source'],
  [
    'an event without its data',
    { ...events.rotated(), detail: { metadata: events.rotated().detail.metadata } },
    'data',
  ],
  ['something else', 'hello', ''],
])('refuses %s and names the field', (_what, body, field) => {
  const parse = () => parseNotifiedEvent(body);

  expect(parse).toThrow(ZodError);
  expect(parse).toThrow(field);
});
