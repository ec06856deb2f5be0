import { format, inspect } from 'node:util';

import { expect, test } from 'vitest';

import { credential } from './credential.ts';
import { hidden } from './hidden.ts';

const canary = 'hunter2-canary';

test('only reveal gives the value', () => {
  expect(hidden(canary).reveal()).toBe(canary);
});

test.each<[string, (secret: unknown) => string]>([
  ['a template', (secret) => `key ${secret as string}`],
  ['a sum of texts', (secret) => 'key ' + (secret as string)],
  ['JSON', (secret) => JSON.stringify({ secret, list: [secret] })],
  ['inspect', (secret) => inspect(secret)],
  ['inspect of everything', (secret) => inspect({ a: { b: [secret] } }, { depth: 9, showHidden: true, getters: true })],
  ['a format', (secret) => format('%s %o %O %j', secret, secret, secret, secret)],
  ['an error', (secret) => inspect(new Error(`refused ${String(secret)}`, { cause: secret }))],
  [
    'a list of its entries',
    (secret) =>
      Object.entries(secret as object)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(),
  ],
  ['a URL parameter', (secret) => new URLSearchParams({ key: secret as string }).toString()],
])('is masked in %s', (_where, print) => {
  expect(print(hidden(canary))).not.toContain(canary);
});

test('a credential masks both of its parts', () => {
  const both = credential(canary, canary);

  expect(`${JSON.stringify(both)} ${inspect(both, { depth: 9, showHidden: true })}`).not.toContain(canary);
});
