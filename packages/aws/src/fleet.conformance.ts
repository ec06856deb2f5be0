import { describe, expect, test } from 'vitest';

import type { Fleet } from './fleet.ts';

/** `setUp` takes what the flag holds: null where nobody ever set it. */
export function testFleet(name: string, setUp: (value: string | null) => Fleet | Promise<Fleet>): void {
  describe(`${name} as a fleet flag`, () => {
    test.each([
      ['running', false],
      ['paused', true],
      ['Running', true],
      [' running', true],
      ['', true],
      [null, true],
    ])('a flag that holds %j counts as paused: %j', async (value, paused) => {
      const fleet = await setUp(value);

      expect(await fleet.paused()).toBe(paused);
    });

    test('a pause and its end hold from the next look on', async () => {
      const fleet = await setUp(null);

      await fleet.set('running');
      const running = await fleet.paused();
      await fleet.set('paused');

      expect(running).toBe(false);
      expect(await fleet.paused()).toBe(true);
    });
  });
}
