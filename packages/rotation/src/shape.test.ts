import { describe, expect, test } from 'vitest';

import { credential } from './credential.ts';
import { PermanentError } from './errors.ts';
import { hidden } from './hidden.ts';
import { readCredential, writeCredential, type Shape } from './shape.ts';

const canary = 'hunter2-canary';
const pair: Shape = { id: 'pair', keyId: '/api_key', secret: '/api_secret' };
const shape = (keyId: string, secret: string): Shape => ({ id: 'odd', keyId, secret });
const held = (text: string) => ({ text: hidden(text) });
const read = (shape: Shape, text: string) => {
  const found = readCredential(shape, held(text));
  return found && [found.keyId.reveal(), found.secret.reveal()];
};

describe('key id and secret are found', () => {
  test.each<[string, Shape, string]>([
    ['at the top', pair, '{"api_key":"k","api_secret":"s","url":"https://x"}'],
    ['deeper', shape('/a/b/key', '/a/c'), '{"a":{"b":{"key":"k"},"c":"s"}}'],
    ['in a list', shape('/0', '/1/x'), '["k",{"x":"s"}]'],
    [
      'in a list of the eleventh',
      shape('/keys/10', '/keys/0'),
      JSON.stringify({ keys: ['s', ...Array<string>(9).fill('-'), 'k'] }),
    ],
    ['under names that are numbers', shape('/0', '/1'), '{"1":"s","0":"k"}'],
    ['under names that are numbers, in a list', shape('/0/7', '/0/07'), '[{"07":"s","7":"k"}]'],
    ['under a name with a slash', shape('/a~1b', '/c'), '{"a/b":"k","c":"s"}'],
    ['under a name with a tilde', shape('/a~0b', '/c'), '{"a~b":"k","c":"s"}'],
    ['under a name that looks like an escape', shape('/a~01', '/c'), '{"a~1":"k","a/":"x","c":"s"}'],
    ['under an empty name', shape('/', '/c/'), '{"":"k","c":{"":"s"}}'],
    ['under names that every object has', shape('/__proto__', '/constructor'), '{"__proto__":"k","constructor":"s"}'],
    ['under a name in other characters', shape('/clé', '/c d'), '{"cl\\u00e9":"k","c d":"s"}'],
    ['escaped', pair, String.raw`{"api_key":"\u006b","api_secret":"s"}`],
    ['among white space', pair, '\r\n{ "api_key" :\t"k" ,\n "api_secret"\n: "s" }\n'],
  ])('%s', (_where, shape, text) => {
    expect(read(shape, text)).toEqual(['k', 's']);
  });
});

test('two empty fields hold no credential: nothing was issued yet', () => {
  expect(readCredential(pair, held('{"api_key":"","api_secret":""}'))).toBeUndefined();
});

describe('a secret that is not what its shape says is refused by field, and never repeated:', () => {
  test.each<[string, Shape, string, string, string]>([
    ['a field that is missing', pair, `{"api_key":"${canary}"}`, '/api_secret', 'is not there'],
    ['a field that only its prototype has', shape('/toString', '/b'), `{"b":"${canary}"}`, '/toString', 'is not there'],
    ['a path through text', shape('/a/b', '/b'), `{"a":"${canary}","b":"x"}`, '/a/b', 'is not there'],
    ['a path through nothing', shape('/a/b', '/b'), `{"a":null,"b":"${canary}"}`, '/a/b', 'is not there'],
    ['a place that the list does not have', shape('/1', '/0'), `["${canary}"]`, '/1', 'is not there'],
    ['a place in a list with a leading zero', shape('/00', '/0'), `["${canary}"]`, '/00', 'is not there'],
    ['the end of a list', shape('/-', '/0'), `["${canary}"]`, '/-', 'is not there'],
    ['a place before a list', shape('/-1', '/0'), `["${canary}"]`, '/-1', 'is not there'],
    ['a number', pair, `{"api_key":1,"api_secret":"${canary}"}`, '/api_key', 'is not a string'],
    ['an object', pair, `{"api_key":{"x":"${canary}"},"api_secret":"s"}`, '/api_key', 'is not a string'],
    ['null', pair, `{"api_key":null,"api_secret":"${canary}"}`, '/api_key', 'is empty while the other field is not'],
    [
      'an empty key id',
      pair,
      `{"api_key":"","api_secret":"${canary}"}`,
      '/api_key',
      'is empty while the other field is not',
    ],
    [
      'an empty secret',
      pair,
      `{"api_key":"${canary}","api_secret":""}`,
      '/api_secret',
      'is empty while the other field is not',
    ],
    [
      'a field that is there twice',
      pair,
      `{"api_key":"a","api_key":"${canary}","api_secret":"s"}`,
      '/api_key',
      'is there twice',
    ],
    [
      'a field that is there twice, once escaped',
      pair,
      `{"api_key":"a","api\\u005fkey":"${canary}","api_secret":"s"}`,
      '/api_key',
      'is there twice',
    ],
    [
      'a parent that is there twice',
      shape('/a/k', '/a/s'),
      `{"a":{"k":"k","s":"s"},"a":{"k":"${canary}","s":"s"}}`,
      '/a/k',
      'is there twice',
    ],
  ])('%s', (_what, shape, text, field, problem) => {
    expect(refusal(() => read(shape, text))).toEqual({
      reason: 'shape-mismatch',
      field,
      message: `Shape ${shape.id}: ${field} ${problem}`,
    });
  });

  test.each([
    ['text', canary],
    ['nothing', ''],
    ['half of it', `{"api_key":"${canary}`],
    ['two values', `{"api_key":"k","api_secret":"s"}${canary}`],
    ['a comment', `{"api_key":"k","api_secret":"s"} // ${canary}`],
    ['a comma at the end', `{"api_key":"k","api_secret":"${canary}",}`],
    ['single quotes', `{'api_key':'k','api_secret':'${canary}'}`],
    ['a line break in a value', `{"api_key":"k","api_secret":"${canary}\n"}`],
    ['a byte order mark', `\uFEFF{"api_key":"k","api_secret":"${canary}"}`],
    ['nesting without end', `{"api_key":"${canary}","x":${'['.repeat(60_000)}`],
    [
      'nesting without end, closed',
      `{"api_key":"k","api_secret":"${canary}","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    ],
  ])('not JSON, but %s', (_what, text) => {
    expect(refusal(() => read(pair, text))).toEqual({
      reason: 'shape-mismatch',
      field: 'SecretString',
      message: 'The secret is not JSON, as shape pair says',
    });
  });
});

// Applications parse by JSON.parse or its like: what they cannot read is not to be written, and the other way round.
test.each([
  '01',
  '1.',
  '1e5',
  '-0',
  '"\\x41"',
  '"\t"',
  '"\u007f"',
  '"\\/"',
  '"\ud800"',
  'NaN',
  '\u00a01',
  '\u20281',
  '[1,]',
  '[1}',
  '{a:1}',
])('a value %j counts as JSON where JSON.parse takes it', (value) => {
  const text = `{"api_key":"k","api_secret":"s","x":${value}}`;
  const isJson = (run: () => unknown) => {
    try {
      run();
      return true;
    } catch {
      return false;
    }
  };

  expect(isJson(() => read(pair, text))).toBe(isJson(() => JSON.parse(text)));
});

describe('writing', () => {
  test('keeps every byte outside the two values', () => {
    const text = `\r\n{\t"z" : [1.0, 1e2, -0],\n  "api_secret":"old \\u0061",   "api_key" : "" ,"é":"\\u00e9\\/"\n}\n\n`;

    const written = writeCredential(pair, held(text.replace('""', '"old"')), credential('K', 'S')).text.reveal();

    expect(written).toBe(text.replace('"old \\u0061"', '"S"').replace('""', '"K"'));
  });

  test('fills two empty fields', () => {
    const written = writeCredential(pair, held('{"api_key":"","api_secret":""}'), credential('K', 'S'));

    expect(written.text.reveal()).toBe('{"api_key":"K","api_secret":"S"}');
  });

  test.each(['"', '\\', '\n', '\u0000', '\u2028', '😀', '$&', '</script>', '~1'])(
    'can be read again with %j in it',
    (odd) => {
      const text = held('{"api_key":"old","api_secret":"old","more":["$&"]}');

      const written = writeCredential(pair, text, credential(`k${odd}`, `${odd}s`));

      expect(JSON.parse(written.text.reveal())).toEqual({ api_key: `k${odd}`, api_secret: `${odd}s`, more: ['$&'] });
      expect(read(pair, written.text.reveal())).toEqual([`k${odd}`, `${odd}s`]);
    },
  );

  test('goes where an application reads, under names that are numbers too', () => {
    const text = held('{"0":{"7":"old"},"1":["x","old"]}');

    const written = writeCredential(shape('/0/7', '/1/1'), text, credential('K', 'S'));

    expect(written.text.reveal()).toBe('{"0":{"7":"K"},"1":["x","S"]}');
  });

  test('refuses what reading refuses, and repeats nothing', () => {
    const text = held(`{"api_key":"a","api_key":"${canary}","api_secret":"s"}`);

    expect(refusal(() => writeCredential(pair, text, credential('K', canary)))).toMatchObject({ field: '/api_key' });
  });

  test('refuses an empty credential: the pending version would say that nothing was issued', () => {
    const text = held('{"api_key":"a","api_secret":"s"}');

    expect(refusal(() => writeCredential(pair, text, credential('', '')))).toMatchObject({ field: '/api_key' });
  });
});

/** What is known of a refusal, after a look at everything that it would print. */
function refusal(run: () => unknown) {
  const error = caught(run);
  const { reason, field, message, cause, stack } = error;
  expect(`${message} ${String(field)} ${String(cause)} ${stack}`).not.toContain(canary);
  return { reason, field, message };
}

function caught(run: () => unknown): PermanentError {
  try {
    run();
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}
