import { expect, test } from 'vitest';

import { systemClock } from './system-clock.ts';

test('tells the time and waits', async () => {
  const before = Date.now();

  await systemClock.sleep(2);

  expect(systemClock.now()).toBeGreaterThan(before);
});
