import { expect, test } from 'vitest';

import { readCall, readScenario, WrongCall } from './read-call.ts';
import { defaultScenario, scenarios } from './scenarios.ts';
import type { Scenario } from './simulated-provider.ts';

const scenario = (name: string, more: Partial<Scenario> = {}): Scenario => ({
  name,
  providerId: name,
  title: name,
  overlap: 'multi',
  start: () => Promise.reject(new Error('not played here')),
  ...more,
});
const plain = scenario('plain');
const careful = scenario('careful', { safeguards: ['hold-off', 'grace', 'entitlements'] });
const known = [plain, careful];

test('plays the default with every safeguard where nothing is wished for', () => {
  expect(readCall({})).toEqual({ scenario: defaultScenario, without: undefined, json: false });
});

test('plays the provider that is named', () => {
  expect(readCall({ provider: 'careful', json: true }, known)).toMatchObject({ scenario: careful, json: true });
});

test('says which providers there are where the name is none', () => {
  const names = scenarios.map(({ name }) => name).join(', ');

  expect(() => readCall({ provider: 'apogee' })).toThrow(`there is no provider apogee; there are ${names}`);
  expect(() => readScenario('all')).toThrow(WrongCall);
});

test('says which safeguards there are where the name is none', () => {
  expect(() => readCall({ without: 'luck' })).toThrow('there are hold-off, grace, entitlements');
});

test('takes hold-off and grace out of every provider, and entitlements out of those that can play it', () => {
  expect(readCall({ provider: 'plain', without: 'grace' }, known)).toMatchObject({ scenario: plain, without: 'grace' });
  expect(readCall({ provider: 'careful', without: 'entitlements' }, known)).toMatchObject({ scenario: careful });
  expect(() => readCall({ provider: 'plain', without: 'entitlements' }, known)).toThrow(
    'plain plays without hold-off, grace; not without entitlements',
  );
});

test('plays all in the order of the registry, and where a safeguard is taken out those that can play it', () => {
  expect(readCall({ provider: 'all' }, known).scenario).toEqual([plain, careful]);
  expect(readCall({ provider: 'all', without: 'entitlements' }, known).scenario).toEqual([careful]);
});
