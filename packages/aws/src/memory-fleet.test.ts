import { expect, test } from 'vitest';

import { testFleet } from './fleet.conformance.ts';
import { memoryFleet } from './memory-fleet.ts';

testFleet('memoryFleet', memoryFleet);

test('a fleet of which nothing is said runs', async () => {
  expect(await memoryFleet().paused()).toBe(false);
});
