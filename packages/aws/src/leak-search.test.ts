import { expect, test } from 'vitest';

import { leakSearch } from './leak-search.ts';

const secret = 'k7/+Qw"9 zP\\3xN&vB-1Lm_8Yt';
const bytes = Buffer.from(secret);
const base64 = (before: string, after: string) => Buffer.from(`${before}${secret}${after}`).toString('base64');

test.each([
  ['raw', secret],
  ['in a URL', encodeURIComponent(secret)],
  ['in a URL', encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase())],
  ['in a form', new URLSearchParams({ a: secret }).toString()],
  ['in JSON', JSON.stringify({ secret })],
  ['in JSON in JSON', JSON.stringify({ body: JSON.stringify({ secret }) })],
  ['in HTML', '<p>k7/+Qw&quot;9 zP\\3xN&amp;vB-1Lm_8Yt</p>'],
  ['base64', bytes.toString('base64')],
  ['base64', base64('a', 'b')],
  ['base64', base64('ab', '')],
  ['base64url', base64('a', 'bc').replaceAll('+', '-').replaceAll('/', '_')],
  ['hex', bytes.toString('hex')],
  ['hex', bytes.toString('hex').toUpperCase()],
])('finds a secret %s: %#', (_, text) => {
  const search = leakSearch();
  search.add('key', secret, 12);

  for (const before of ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef'])
    expect(search.find(`${before}${text} and so on`)).toMatchObject({ secret: 'key' });
});

test('finds twelve characters of a secret wherever they are cut out, and no fewer', () => {
  const random = 'q8ZfT2rLw0XsV5mJc7KpD3hGb9NyA1eU';
  const search = leakSearch();
  search.add('key', random, 12);

  for (let at = 0; at + 12 <= random.length; at += 1) {
    expect(search.find(`Unexpected token in "${random.slice(at, at + 12)}"...`)).toEqual({
      secret: 'key',
      form: 'raw',
    });
    expect(search.find(`Unexpected token in "${random.slice(at, at + 11)}"...`)).toBeUndefined();
  }
});

test('without a fragment only the whole of it counts, however short it is', () => {
  const search = leakSearch();
  search.add('long', 'q8ZfT2rLw0XsV5mJc7KpD3hGb9NyA1eU');
  search.add('seven', 'hunter2');
  search.add('four', 'abc!');

  expect(search.find('q8ZfT2rLw0XsV5mJc7KpD3hGb9NyA1e')).toBeUndefined();
  expect(search.find('password=q8ZfT2rLw0XsV5mJc7KpD3hGb9NyA1eU;')).toEqual({ secret: 'long', form: 'raw' });
  expect(search.find('password=hunter2')).toEqual({ secret: 'seven', form: 'raw' });
  expect(search.find('password=abc!')).toEqual({ secret: 'four', form: 'raw' });
  expect(search.find('password=hunter')).toBeUndefined();
});
