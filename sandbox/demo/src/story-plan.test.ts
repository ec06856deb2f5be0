import { expect, test } from 'vitest';

import { hasRoom, sortFailures, planOf } from './story-plan.ts';

const on = { keyId: 'a', enabled: true };
const off = { keyId: 'b', enabled: false };

test('two slots: the story rotates only after the old key is gone; one that is switched off still holds its slot', () => {
  const plan = planOf({ overlap: 'two-slot' });

  expect(plan.rotatedBy).toBe('command');
  expect(hasRoom(plan, [on])).toBe(true);
  expect(hasRoom(plan, [on, { ...on, keyId: 'c' }])).toBe(false);
  expect(hasRoom(plan, [on, off])).toBe(false);
});

test('as many keys as one likes: nothing has to be waited for', () => {
  expect(planOf({ overlap: 'multi' })).toMatchObject({ rotatedBy: 'schedule', keepsOldKey: true });
  expect(hasRoom(planOf({ overlap: 'multi' }), [on, off, on, off])).toBe(true);
});

test('a slow provider is given the time that two slots need, however many keys there may be', () => {
  expect(planOf({ overlap: 'multi', slow: true })).toEqual(planOf({ overlap: 'two-slot' }));
  expect(planOf({ overlap: 'none', slow: true })).toEqual(planOf({ overlap: 'none' }));
});

test('no overlap: there is no old key to roll back to', () => {
  expect(planOf({ overlap: 'none' })).toMatchObject({ rotatedBy: 'command', keepsOldKey: false });
  expect(hasRoom(planOf({ overlap: 'none' }), [on])).toBe(true);
});

test('a failure belongs to a cutover from its first moment to its last, and to one alone', () => {
  const cutovers = [
    { from: 100, to: 200 },
    { from: 150, to: 250 },
  ];

  expect(sortFailures([99, 100, 180, 250, 251], cutovers)).toEqual({ inCutover: 3, outside: 2 });
  expect(sortFailures([99, 100], [])).toEqual({ inCutover: 0, outside: 2 });
});

test('a rotation whose start nobody saw excuses no failure', () => {
  expect(sortFailures([100], [{ from: Number.NaN, to: 200 }])).toEqual({ inCutover: 0, outside: 1 });
});
