import { expect, test } from 'vitest';

import { told } from './watch-stage.ts';

test('an event that was published twice is one fact', () => {
  const published = (idempotencyKey: string, at: number) => ({
    event: { detail: { metadata: { idempotencyKey } } },
    at,
  });

  const facts = told([published('orders#1', 1), published('orders#2', 2), published('orders#2', 3)]);

  expect(facts.map(({ at }) => at)).toEqual([1, 2]);
});
