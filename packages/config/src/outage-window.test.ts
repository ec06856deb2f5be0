import { expect, test } from 'vitest';

import { outageWindow } from './outage-window.ts';

const policy = { schedule: 'cron(0 3 ? * SUN *)', window: '2h' };
const sunday = Date.parse('2026-11-22T03:00:00Z');
const hour = 3_600_000;
const week = 7 * 24 * hour;

test.each([
  ['a minute before it', sunday - 60_000, sunday],
  ['when it opens', sunday, sunday],
  ['just before it closes', sunday + 2 * hour - 1, sunday],
  ['when it closes: the next one', sunday + 2 * hour, sunday + week],
  ['days later: the next one', sunday + 3 * 24 * hour, sunday + week],
])('the window, %s', (_, now, from) => {
  expect(outageWindow(policy, now)).toEqual({ from, until: from + 2 * hour });
});

test('a rate, or a schedule without a window, names no time', () => {
  expect(outageWindow({ ...policy, schedule: 'rate(30 days)' }, sunday)).toBeUndefined();
  expect(outageWindow({ ...policy, window: undefined }, sunday)).toBeUndefined();
});
