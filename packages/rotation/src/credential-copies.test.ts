import { expect, test } from 'vitest';

import { mentionsKey } from './credential-copies.ts';
import { hidden } from './hidden.ts';

const basic = (id: string) => `Basic ${Buffer.from(`${id}:a-secret`).toString('base64')}`;

test.each([
  ['alone', '7'],
  ['as a number', '{ "id": 7, "secret": "x" }'],
  ['as a text', '{ "id": "7" }'],
  ['after a line break that JSON escapes', '"SECRET=x\\n7\\n"'],
  ['after a character that JSON escapes', '"\\u003d7"'],
  ['after one that a URL escapes', 'id%3D7%26secret%3Dx'],
  ['in a URL', 'https://api.acme.example/keys/7?x=1'],
  ['behind a word that holds it too', 'v17 7'],
])('a short key id is mentioned where it stands %s', (_, text) => {
  expect(mentionsKey(text, hidden('7'))).toBe(true);
});

test.each(['{ "id": 17 }', '{ "id": 71 }', 'a7', '7a', 'https://api7.acme.example', ''])(
  'a short key id is not mentioned by a word or a number that holds it: %s',
  (text) => {
    expect(mentionsKey(text, hidden('7'))).toBe(false);
  },
);

test.each(['42', '1234567'])('a short key id is mentioned where it begins a header: %s', (id) => {
  expect(mentionsKey(basic(id), hidden(id))).toBe(true);
});

test('a short key id is not mentioned where what begins its header stands inside other letters', () => {
  const [, begun = ''] = basic('42').split(' ');

  expect(mentionsKey(`x${begun}`, hidden('42'))).toBe(false);
});

test('a long key id is mentioned wherever it stands, whatever is around it', () => {
  expect(mentionsKey('xabcdefghx', hidden('abcdefgh'))).toBe(true);
  expect(mentionsKey(basic('abcdefgh'), hidden('abcdefgh'))).toBe(true);
});
