import { expect, test } from 'vitest';

import { parseSchedule } from './schedule-expression.ts';

// A Saturday.
const after = Date.parse('2026-11-21T08:30:00Z');

test.each([
  ['rate(5 minutes)', '2026-11-21T08:35:00Z'],
  ['rate(1 day)', '2026-11-22T08:30:00Z'],
  ['cron(0 9 * * ? *)', '2026-11-21T09:00:00Z'],
  ['cron(30 8 * * ? *)', '2026-11-22T08:30:00Z'],
  ['cron(0 0/4 * * ? *)', '2026-11-21T12:00:00Z'],
  ['cron(0 3 1,15 * ? *)', '2026-12-01T03:00:00Z'],
  ['cron(0 3 L * ? *)', '2026-11-30T03:00:00Z'],
  ['cron(0 3 29 2 ? *)', '2028-02-29T03:00:00Z'],
  ['cron(0 3 ? * MON-FRI *)', '2026-11-23T03:00:00Z'],
  ['cron(0 3 ? * 2#1 *)', '2026-12-07T03:00:00Z'],
  ['cron(0 3 ? * 6L *)', '2026-11-27T03:00:00Z'],
  ['cron(0 3 1 JAN ? 2030)', '2030-01-01T03:00:00Z'],
])('%s comes next at %s', (expression, next) => {
  expect(parseSchedule(expression)?.next(after)).toBe(Date.parse(next));
});

test('a date that never comes has no next time', () => {
  expect(parseSchedule('cron(0 3 31 2 ? *)')?.next(after)).toBeUndefined();
});

test.each([
  'rate(0 days)',
  'rate(1 days)',
  'rate(2 day)',
  'rate(1 week)',
  'cron(0 3 * * * *)',
  'cron(0 3 ? * ? *)',
  'cron(60 3 * * ? *)',
  'cron(0 3 * * ?)',
  'cron(0 3 15W * ? *)',
  'at(2026-11-21T08:30:00)',
  '',
])('%s is no schedule', (expression) => {
  expect(parseSchedule(expression)).toBeUndefined();
});
