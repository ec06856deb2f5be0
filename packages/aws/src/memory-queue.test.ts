import { expect, test } from 'vitest';

import { memoryQueue } from './memory-queue.ts';
import { testQueue } from './queue.conformance.ts';

testQueue('memoryQueue', async () => {
  const queue = memoryQueue();
  const received = () => queue.sent.map((body, index) => ({ body, seconds: (queue.keptBack[index] ?? 0) / 1000 }));
  return { queue, received };
});

test('keeps a message as a receiver parses it, whatever becomes of the object that was sent', async () => {
  const queue = memoryQueue();
  const body = { detail: { versionId: 'new', at: undefined } };

  await queue.send(body);
  body.detail.versionId = 'changed';

  expect(queue.sent).toEqual([{ detail: { versionId: 'new' } }]);
  expect(Object.keys((queue.sent[0] as typeof body).detail)).toEqual(['versionId']);
});

test('keeps what a consumer does with its messages', async () => {
  const queue = memoryQueue();
  const why = { reason: 'malformed', field: 'detail', message: 'Not an event' };

  await queue.deadLetter('{}', why);
  await queue.delay('receipt', 1_500);

  expect(queue).toMatchObject({
    deadLetters: [{ body: '{}', why }],
    delays: [{ receiptHandle: 'receipt', ms: 1_500 }],
  });
});
