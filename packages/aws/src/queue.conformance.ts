import { expect, test } from 'vitest';

import type { Queue } from './queue.ts';

type Subject = {
  readonly queue: Queue;
  /** What a receiver gets, and for how many seconds each message is kept back. */
  readonly received: () => readonly { readonly body: unknown; readonly seconds: number }[];
};

/** What every queue does with what it is sent. */
export function testQueue(name: string, setUp: () => Promise<Subject>): void {
  test(`${name}: a message arrives as it was sent, at once unless something else is asked for`, async () => {
    const { queue, received } = await setUp();

    await queue.send({ source: 'keyturn', detail: { versionId: 'größer' } });

    expect(received()).toEqual([{ body: { source: 'keyturn', detail: { versionId: 'größer' } }, seconds: 0 }]);
  });

  test.each([
    [0, 0],
    [1, 1],
    [30_000, 30],
    [30_001, 31],
    [900_000, 900],
    [7_200_000, 900],
  ])(`${name}: a message that is kept back for %i ms is kept back for %i s`, async (delayMs, seconds) => {
    const { queue, received } = await setUp();

    await queue.send({ n: 1 }, { delayMs });

    expect(received()).toEqual([{ body: { n: 1 }, seconds }]);
  });
}
