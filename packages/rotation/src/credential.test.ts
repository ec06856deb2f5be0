import { describe, expect, test } from 'vitest';

import { credential, fingerprint, sameCredential, sameKey } from './credential.ts';
import { hidden } from './hidden.ts';

describe('two credentials', () => {
  const one = credential('key-1', 'secret-1');

  test.each([
    ['the same', credential('key-1', 'secret-1'), true, true],
    ['one key with another secret', credential('key-1', 'secret-2'), true, false],
    ['another key with the same secret', credential('key-2', 'secret-1'), false, false],
    // An id that ends as a secret begins is no reason to mix them up.
    ['the same characters, cut elsewhere', credential('key-1s', 'ecret-1'), false, false],
  ])('are %s', (_what, other, key, both) => {
    expect([sameKey(one, other), sameCredential(one, other)]).toEqual([key, both]);
  });
});

test('a fingerprint tells keys apart for people, and is no part of the key', () => {
  const fingerprints = ['abcdef-key-1', 'abcdef-key-2'].map((id) => fingerprint(hidden(id)));

  expect(fingerprints).toEqual(['abcdef-key-1', 'abcdef-key-2'].map((id) => fingerprint(hidden(id))));
  expect(fingerprints[0]).not.toBe(fingerprints[1]);
  expect(fingerprints.every((print) => /^[0-9a-f]{6}$/.test(print) && print !== 'abcdef')).toBe(true);
});
