import { readFileSync } from 'node:fs';

import { PermanentError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { parseConfig } from './parse-config.ts';

const example = readFileSync(new URL('../../../config/example.yaml', import.meta.url), 'utf8');
const withShape = (yaml: string) => example.replace(/^shapes:\n/m, () => `shapes:\n  mine: ${yaml}\n`);

test('two pointers are all that a shape needs, as they always were', () => {
  const { shapes } = parseConfig(withShape('{ keyId: /a, secret: /b }'));

  expect(shapes['mine']).toMatchObject({
    keyId: '/a',
    secret: '/b',
    text: undefined,
    derived: [],
    also: [],
    group: [],
  });
});

test('a text has its placeholders for places', () => {
  const { shapes } = parseConfig(withShape(`{ lines: ['A={keyId}', 'B={{{secret}}}'] }`));

  expect(shapes['mine']).toMatchObject({
    keyId: '{keyId}',
    secret: '{secret}',
    text: {
      as: 'lines',
      templates: [
        { literals: ['A=', ''], forms: ['keyId'] },
        { literals: ['B={', '}'], forms: ['secret'] },
      ],
    },
  });
});

test.each([
  ['[]', []],
  ['[LATER]', ['LATER']],
])('placeholders of its own replace the usual ones: %s', (yaml, placeholders) => {
  const { shapes } = parseConfig(withShape(`{ keyId: /a, secret: /b, placeholders: ${yaml} }`));

  expect(shapes['mine']).toMatchObject({ placeholders });
});

test.each([
  [
    'the first header',
    `{ derived: { /k: '{keyId}', /both: '{keyId} {basic}', /b: 'Basic {basic}', /a: '{basic}' } }`,
    '/b',
  ],
  ['the header of a text', `{ text: 'Basic {basic}' }`, '{basic}'],
  ['the header where one of the halves stands beside it', `{ lines: ['K={keyId}', 'H=Basic {basic}'] }`, '{basic}'],
])('where key id and secret stand nowhere by themselves, both are read from %s', (_what, yaml, place) => {
  const { shapes } = parseConfig(withShape(yaml));

  expect(shapes['mine']).toMatchObject({ keyId: place, secret: place });
});

test.each([
  ['/k', '/s', `{ keyId: /k, secret: /s, derived: { /b: 'Basic {basic}' } }`],
  ['{keyId}', '{secret}', `{ lines: ['H=Basic {basic}', 'K={keyId}', 'S={secret}'] }`],
])('where they do, %s and %s are read and not the header beside them', (keyId, secret, yaml) => {
  const { shapes } = parseConfig(withShape(yaml));

  expect(shapes['mine']).toMatchObject({ keyId, secret });
});

test('a group may be a header, which is both', () => {
  const { shapes } = parseConfig(withShape(`{ derived: { /a: '{basic}' }, group: [{ keyId: /b, secret: /b }] }`));

  expect(shapes['mine']).toMatchObject({ group: [{ keyId: '/b', secret: '/b' }] });
});

describe('refuses by field', () => {
  const missing = 'is missing: a JSON Pointer, or give a header in derived, text, lines or snippets';
  const none = '{keyId} {secret} {basic} {keyId:url} {secret:url} {keyId:base64} {secret:base64}';
  test.each([
    ['no key id', '{ secret: /b }', 'keyId', missing],
    ['nothing', '{}', 'keyId', missing],
    ['a field that does not exist', '{ keyId: /a, secret: /b, path: /c }', 'path', 'there is no such field'],
    ['one pointer for both', '{ keyId: /a, secret: /a }', 'secret', 'is the same field as keyId'],
    [
      'a pointer into the other',
      '{ keyId: /a, secret: /a/b }',
      'secret',
      'overlaps with keyId: one stands in the other',
    ],
    [
      'a second place that is the first',
      '{ keyId: /a, secret: /b, also: [{ keyId: /c, secret: /b }] }',
      'also.0.secret',
      'is the same field as secret',
    ],
    [
      'a field that is made of what it holds',
      `{ keyId: /a, secret: /b, derived: { /b/c: '{secret}' } }`,
      'derived./b/c',
      'overlaps with secret: one stands in the other',
    ],
    [
      'a group of the credential that turns',
      '{ keyId: /a, secret: /b, group: [{ keyId: /a, secret: /c }] }',
      'group.0.keyId',
      'is the same field as keyId',
    ],
    [
      'a derived field without placeholder',
      '{ keyId: /a, secret: /b, derived: { /c: Basic } }',
      'derived./c',
      'has no placeholder such as {secret}',
    ],
    [
      'a derived field at no pointer',
      `{ keyId: /a, secret: /b, derived: { c: '{secret}' } }`,
      'derived.c',
      'Invalid key in record',
    ],
    ['an unknown placeholder', `{ text: '{keyId}:{password}' }`, 'text', `has a placeholder that is none of ${none}`],
    [
      'a placeholder that every object has',
      `{ text: '{keyId}:{constructor}' }`,
      'text',
      `has a placeholder that is none of ${none}`,
    ],
    ['an opening brace', `{ text: '{keyId}:{secret' }`, 'text', 'has a { of its own; write {{'],
    ['a closing brace', `{ text: '{keyId}:{secret}}' }`, 'text', 'has a } of its own; write }}'],
    ['a text without secret', `{ text: '{keyId}' }`, 'text', 'has no {secret}, and no {basic}'],
    ['a text of encoded halves', `{ text: '{keyId:url}:{secret:url}' }`, 'text', 'has no {keyId}, and no {basic}'],
    ['lines without key id', `{ lines: ['S={secret}'] }`, 'lines', 'has no {keyId}, and no {basic}'],
    [
      'a snippet of a header alone',
      `{ snippets: ['{basic}'] }`,
      'snippets.0',
      'begins with a placeholder, so nothing tells where it stands',
    ],
    [
      'a text with a header of JSON',
      `{ text: 'Basic {basic}', derived: { /a: 'Basic {basic}' } }`,
      'derived',
      'is for JSON; put it into text',
    ],
    ['a header beside one pointer', `{ keyId: /a, derived: { /b: 'Basic {basic}' } }`, 'secret', missing],
    ['a header beside the other pointer', `{ secret: /a, derived: { /b: 'Basic {basic}' } }`, 'keyId', missing],
    [
      'no header among derived fields',
      `{ derived: { /a: '{keyId}', /b: '{secret}', /c: '{keyId} {basic}' } }`,
      'keyId',
      missing,
    ],
    [
      'a header that stands in another one',
      `{ derived: { /a: 'Basic {basic}', /a/b: '{basic}' } }`,
      'derived./a/b',
      'overlaps with derived./a: one stands in the other',
    ],
    [
      'a group of the header that turns',
      `{ derived: { /a: '{basic}' }, group: [{ keyId: /a, secret: /a }] }`,
      'group.0.keyId',
      'is the same field as derived./a',
    ],
    [
      'a second place of one pointer',
      `{ derived: { /a: '{basic}' }, also: [{ keyId: /b, secret: /b }] }`,
      'also.0.secret',
      'is the same field as also.0.keyId',
    ],
    ['no lines', '{ lines: [] }', 'lines', 'Too small: expected array to have >=1 items'],
    [
      'two placeholders at once',
      `{ text: '{keyId}{secret}' }`,
      'text',
      'has two placeholders with nothing between them',
    ],
    ['a line of two lines', `{ lines: ["A={keyId}\\nB={secret}"] }`, 'lines.0', 'is more than one line; give snippets'],
    [
      'a snippet without beginning',
      `{ snippets: ['A={keyId}', '{secret}</b>'] }`,
      'snippets.1',
      'begins with a placeholder, so nothing tells where it stands',
    ],
    [
      'two kinds of text',
      `{ text: '{keyId}:{secret}', lines: ['{keyId}:{secret}'] }`,
      'lines',
      'is another kind of shape than text',
    ],
    [
      'a text with a pointer',
      `{ text: '{keyId}:{secret}', keyId: /a }`,
      'keyId',
      'is for JSON; text has {keyId} in its template',
    ],
    [
      'a text with derived fields',
      `{ text: '{keyId}:{secret}', derived: { /a: '{basic}' } }`,
      'derived',
      'is for JSON; put it into text',
    ],
    [
      'a text with a second place',
      `{ text: '{keyId}:{secret}', also: [{ keyId: /a, secret: /b }] }`,
      'also',
      'is for JSON; text may have {keyId} twice',
    ],
    [
      'an empty placeholder',
      `{ keyId: /a, secret: /b, placeholders: [''] }`,
      'placeholders.0',
      'Too small: expected string to have >=1 characters',
    ],
    [
      'a template that is too long',
      `{ text: '{keyId}:{secret}${'x'.repeat(4096)}' }`,
      'text',
      'Too big: expected string to have <=4096 characters',
    ],
  ])('%s', (_what, yaml, field, problem) => {
    const error = refusal(withShape(yaml));

    expect(error).toMatchObject({ reason: 'misconfigured', field: `shapes.mine.${field}` });
    expect(error.message.split('\n')).toContain(`shapes.mine.${field}: ${problem}`);
  });
});

function refusal(text: string): PermanentError {
  try {
    parseConfig(text);
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}
