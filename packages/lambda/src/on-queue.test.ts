import type { Consumed } from '@keyturn/aws/queue';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { memoryLog } from './memory-log.ts';
import { onQueue } from './on-queue.ts';

const canary = 'hunter2-canary';
const body = JSON.stringify({
  'detail-type': 'SecretRotated',
  detail: { metadata: { eventId: 'e-1', correlationId: 'c-1' }, data: { name: 'orders' } },
});

describe('a message', () => {
  test('that is handled is deleted', async () => {
    const { handler, handled, dead } = setUp();

    const answer = await handler(batch(body));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(handled).toEqual(['orders']);
    expect(dead).toEqual([]);
  });

  test('that fails for good goes to the dead-letter queue at once, with its reason', async () => {
    const { handler, dead } = setUp(() => {
      throw new PermanentError('misconfigured', 'Tag keyturn:owner is missing', { field: 'tag keyturn:owner' });
    });

    const answer = await handler(batch(body));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(dead).toEqual([
      { body, reason: 'misconfigured', field: 'tag keyturn:owner', message: 'Tag keyturn:owner is missing' },
    ]);
  });

  test('that fails for now comes again', async () => {
    const { handler, dead, delays } = setUp(() => {
      throw new TransientError('throttled');
    });

    const answer = await handler(batch(body));

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
    expect([dead, delays]).toEqual([[], []]);
  });

  test('comes again when the other side says', async () => {
    const { handler, delays } = setUp(() => {
      throw new TransientError('rate limited', { retryAfterMs: 30_000 });
    });

    const answer = await handler(batch(body));

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
    expect(delays).toEqual([{ receiptHandle: 'r-0', ms: 30_000 }]);
  });

  test.each([
    ['is pending', new PendingError('not yet')],
    ['met a bug', new TypeError('x is not a function')],
  ])('that %s comes again', async (_what, error) => {
    const { handler, dead } = setUp(() => {
      throw error;
    });

    expect(await handler(batch(body))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
    expect(dead).toEqual([]);
  });

  test('does not touch the others of its batch, which are handled in turn', async () => {
    const order: string[] = [];
    const { handler, dead } = setUp(async (name) => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      if (name === 'b') throw new TransientError('throttled');
      if (name === 'c') throw new PermanentError('malformed', 'no');
    });

    const answer = await handler(batch(named('a'), named('b'), '{', named('c'), named('d')));

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-1' }] });
    expect(order).toEqual(['a', 'b', 'c', 'd'].flatMap((name) => [`${name} begins`, `${name} ends`]));
    expect(dead.map(({ body }) => body)).toEqual(['{', named('c')]);
  });
});

describe('a message that cannot be read', () => {
  test.each([
    ['is no JSON', `{"apiKey": ${canary}`, 'body', 'The message is not JSON'],
    ['is nothing', '', 'body', 'The message is not JSON'],
    ['is not an object', '"x"', 'body', 'The message is not what it should be: body'],
    [
      'lacks a field',
      `{"detail": {"data": {"apiKey": "${canary}"}}}`,
      'detail.data.name',
      'The message is not what it should be: detail.data.name',
    ],
    [
      'has a field of another type',
      `{"detail": {"data": {"name": ["${canary}"]}}}`,
      'detail.data.name',
      'The message is not what it should be: detail.data.name',
    ],
  ])('because it %s goes to the dead-letter queue at once', async (_what, body, field, message) => {
    const { handler, dead, handled, log } = setUp();

    const answer = await handler(batch(body));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(handled).toEqual([]);
    expect(dead).toEqual([{ body, reason: 'malformed', field, message }]);
    expect(JSON.stringify([dead.map(({ body: _body, ...why }) => why), log])).not.toContain(canary);
  });

  test('keeps the reason that its parser gives', async () => {
    const { handler, dead } = setUp(undefined, () => {
      throw new PermanentError('malformed', 'Not the ARN of a secret', { field: 'SecretId' });
    });

    await handler(batch(body));

    expect(dead).toEqual([{ body, reason: 'malformed', field: 'SecretId', message: 'Not the ARN of a secret' }]);
  });

  test('is malformed whatever its parser throws, and the message of that is kept back', async () => {
    const { handler, dead } = setUp(undefined, () => {
      throw new RangeError(canary);
    });

    await handler(batch(body));

    expect(dead).toMatchObject([{ reason: 'malformed', message: 'The message cannot be read' }]);
  });
});

describe('no message is lost', () => {
  test('when the dead-letter queue does not take it', async () => {
    const { handler, log } = setUp(
      () => {
        throw new PermanentError('malformed', 'no');
      },
      undefined,
      { deadLetter: () => Promise.reject(new TransientError('SQS did not answer')) },
    );

    expect(await handler(batch(body))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
    expect(log.at(-1)).toMatchObject({
      level: 'error',
      outcome: 'retried',
      error: new TransientError('SQS did not answer'),
    });
  });

  test('when it cannot be delayed', async () => {
    const { handler } = setUp(
      () => {
        throw new TransientError('rate limited', { retryAfterMs: 30_000 });
      },
      undefined,
      { delay: () => Promise.reject(new Error('SQS did not answer')) },
    );

    expect(await handler(batch(body))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
  });

  test('when what Lambda hands over is no batch of messages', async () => {
    const { handler } = setUp();

    await expect(handler({ Records: [{ messageId: 'm-0' }] })).rejects.toThrow(z.ZodError);
  });
});

describe('the log', () => {
  const about = { messageId: 'm-0', attempt: 3, eventType: 'SecretRotated', eventId: 'e-1', correlationId: 'c-1' };

  test('has a line at the start and one at the end', async () => {
    const { handler, log } = setUp();

    await handler(batch(body));

    expect(log).toEqual([
      { level: 'info', message: 'started', ...about },
      { level: 'info', message: 'ended', ...about, outcome: 'done' },
    ]);
  });

  test('tells of an error once', async () => {
    const error = new TypeError('x is not a function');
    const { handler, log } = setUp(() => {
      throw error;
    });

    await handler(batch(body));

    expect(log.slice(1)).toEqual([{ level: 'error', message: 'ended', ...about, outcome: 'retried', error }]);
  });

  test.each([
    ['a type that is a payload', { 'detail-type': `${canary} {}`, detail: { metadata: { correlationId: 'c-1' } } }],
    [
      'ids of another type',
      { 'detail-type': 'X', detail: { metadata: { eventId: [canary], correlationId: { canary } } } },
    ],
    ['metadata of another type', { detail: { metadata: canary } }],
    ['detail of another type', { detail: canary }],
    ['another form', [canary]],
    ['no form', null],
  ])('repeats nothing of a message with %s', async (_what, message) => {
    const { handler, log } = setUp();

    await handler(batch(JSON.stringify(message)));

    expect(log.map(({ message }) => message)).toEqual(['started', 'ended']);
    expect(JSON.stringify(log)).not.toContain(canary);
  });
});

type Handle = (name: string) => Promise<void> | void;

const message = z.object({ detail: z.object({ data: z.object({ name: z.string() }) }) });

function setUp(
  handle: Handle = () => undefined,
  parse: (body: unknown) => string = (body) => message.parse(body).detail.data.name,
  failing: Partial<Consumed> = {},
) {
  const handled: string[] = [];
  const dead: Record<string, unknown>[] = [];
  const delays: Record<string, unknown>[] = [];
  const log = memoryLog();
  const consumed: Consumed = {
    deadLetter: async (body, why) => void dead.push({ body, ...why }),
    delay: async (receiptHandle, ms) => void delays.push({ receiptHandle, ms }),
    ...failing,
  };
  const handler = onQueue({
    service: 'test',
    parse,
    handle: async (name) => {
      await handle(name);
      handled.push(name);
    },
    consumed,
    log,
  });
  return { handler, handled, dead, delays, log: log.lines };
}

function named(name: string): string {
  return JSON.stringify({ detail: { data: { name } } });
}

/** As Lambda hands a batch over. */
function batch(...bodies: string[]) {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `m-${index}`,
      receiptHandle: `r-${index}`,
      body,
      attributes: { ApproximateReceiveCount: '3', SentTimestamp: '1' },
      messageAttributes: {},
      eventSource: 'aws:sqs',
    })),
  };
}
