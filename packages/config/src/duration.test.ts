import { describe, expect, test } from 'vitest';

import { duration, formatDuration } from './duration.ts';

describe('a duration', () => {
  test.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['10m', 600_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['0s', 0],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(duration.parse(text)).toBe(ms);
  });

  test.each(['', '10', '10 m', '-1h', '1.5h', '1h30m', '1w', '1H', '9999999999s', 10])('refuses %j', (text) => {
    expect(duration.safeParse(text).success).toBe(false);
  });

  test('refuses more than ten years: a date that far cannot be written', () => {
    expect(duration.safeParse('3650d').success).toBe(true);
    expect(duration.safeParse('3651d').success).toBe(false);
  });
});

test.each([
  [0, '0s'],
  [250, '250ms'],
  [90_000, '90s'],
  [129_600_000, '36h'],
  [604_800_000, '7d'],
  [138 * 60_000, '2h 18m'],
  [86_400_000 * 3 + 61_001, '3d 1m 1s 1ms'],
])('%d milliseconds are written %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
