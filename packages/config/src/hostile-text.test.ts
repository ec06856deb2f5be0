import { inspect } from 'node:util';

import { PermanentError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { vetSecret } from '@keyturn/rotation/shape';
import { expect, test } from 'vitest';

import { parseYaml } from './parse-yaml.ts';
import { shape } from './shape-config.ts';

const size = 65_536;
/** Once for each form of the credential, place, edit and check of the result. Quadratic would be 65,536 times, or 10,000 for each of its lines. */
const timesAtMost = 200;
const pieces = [
  'a=',
  '\n',
  ':',
  'a:',
  'KEY=',
  'KEY=x\n',
  ' ',
  '"',
  '{',
  '[',
  '\\',
  '<k>',
  '<k>a</k>',
  'KEY=a:',
  'A_KEY=b\n',
  'Basic ',
  'KEY=Basic ',
  'eDp5',
  'Ojo6',
];

const shapes = [
  `{ lines: ['KEY={keyId}', 'SECRET={secret}'] }`,
  `{ text: '{keyId}:{secret}' }`,
  `{ text: 'a{keyId}:a{secret}:a{basic}a' }`,
  `{ snippets: ['<k>{keyId}</k>', 'KEY={secret}:'] }`,
  `{ snippets: ["KEY={keyId}\\nKEY={secret}"] }`,
  '{ keyId: /a/b, secret: /a/c }',
  `{ text: 'Basic {basic}' }`,
  `{ lines: ['KEY=Basic {basic}', 'A_KEY={basic}'] }`,
  `{ derived: { /a/b: 'Basic {basic}', /a/c: '{basic}' } }`,
];

// Whatever is found in a text is found by looking for a string, from the left or from the right: so many characters are looked at.
test.each(shapes)('64 KB that are meant badly are gone through a few times and no more: %s', (yaml) => {
  const made = { id: 'some', ...shape.parse(parseYaml(yaml)) };
  const hostile = pieces.flatMap((piece) => {
    const many = piece.repeat((size - 32) / piece.length);
    const inJson = many.replace(/[\n"\\]/g, '.');
    return [
      many,
      `KEY=${many}`,
      `Basic ${many}`,
      `KEY=a\nSECRET=b\n${many}`,
      `{"a":{"b":"k","c":"${inJson}"}}`,
      `{"a":{"b":"Basic ${inJson}"}}`,
    ];
  });

  for (const text of hostile) {
    const looked = charactersLookedAt(() => attempt(() => vetSecret(made, { text: hidden(text) })));
    expect(looked).toBeLessThan(timesAtMost * size);
  }
});

test.each<[what: string, pair: string, taken: boolean]>([
  ['a long secret', `k:${'s'.repeat(48_000)}`, true],
  ['a secret of colons', `k:${':'.repeat(48_000)}`, true],
  ['a long key id', `${'k'.repeat(48_000)}:s`, true],
  ['nothing but a key id', 'k'.repeat(48_000), false],
  ['zeroes', '\0'.repeat(48_000), false],
])('64 KB of a header with %s are gone through a few times and no more', (_what, pair, taken) => {
  const header = Buffer.from(pair).toString('base64');
  for (const [yaml, text] of [
    [`{ text: 'Basic {basic}' }`, `Basic ${header}`],
    [`{ derived: { /a: '{basic}' } }`, `{"a":"${header}"}`],
  ] as const) {
    const made = { id: 'some', ...shape.parse(parseYaml(yaml)) };
    let found: unknown;

    const looked = charactersLookedAt(() => attempt(() => (found = vetSecret(made, { text: hidden(text) }))));
    const cut = charactersLookedAt(() => attempt(() => vetSecret(made, { text: hidden(text.slice(0, -3)) })));

    expect(found !== undefined).toBe(taken);
    expect(Math.max(looked, cut)).toBeLessThan(timesAtMost * size);
  }
});

test('what would be quadratic is seen', () => {
  const text = 'a'.repeat(1000);

  const looked = charactersLookedAt(() => {
    for (let at = 0; at < text.length; at += 1) text.indexOf('b', at);
  });

  expect(looked).toBeGreaterThan(400_000);
});

type Given = [part?: string | number, from?: number];
type Cost = (text: string, given: Given, answer: unknown) => number;

const costs: Record<string, Cost> = {
  indexOf: (text, [, from = 0], answer) => (answer === -1 ? text.length : Number(answer)) - from + 1,
  lastIndexOf: (text, [, from = text.length], answer) => from - Math.max(Number(answer), 0) + 1,
  includes: (text) => text.length,
  slice: (_, __, answer) => String(answer).length,
  replaceAll: (text) => text.length,
  split: (text) => text.length,
};

function charactersLookedAt(run: () => void): number {
  let looked = 0;
  const strings: object = String.prototype;
  const before = Object.getOwnPropertyDescriptors(strings) as Record<string, PropertyDescriptor>;
  for (const [name, cost] of Object.entries(costs)) {
    const original = before[name]!.value as (...given: Given) => unknown;
    Object.defineProperty(strings, name, {
      ...before[name],
      value(this: string, ...given: Given) {
        const answer = Reflect.apply(original, this, given);
        looked += cost(this, given, answer);
        return answer;
      },
    });
  }
  try {
    run();
  } finally {
    Object.defineProperties(strings, before);
  }
  return looked;
}

function attempt(run: () => unknown): PermanentError | undefined {
  try {
    run();
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return error;
  }
  return undefined;
}

test.each(['[c4nary5ecretv4lue]', '["canary", "canary"]', '[ canary=, ]'])(
  'a line in brackets that may be a value is not shown by an error: %s',
  (line) => {
    const made = { id: 'some', ...shape.parse(parseYaml(`{ lines: ['KEY={keyId}', 'SECRET={secret}'] }`)) };
    const text = `KEY=aaaaaaaaaaaaaaaa\nSECRET=bbbbbbbbbbbbbbbb\n${line}\nclient_id=c\nclient_secret=d\n`;

    const error = attempt(() => vetSecret(made, { text: hidden(text) }));

    expect(error).toMatchObject({ reason: 'shape-mismatch', field: '/…/client_id' });
    expect(inspect(error)).not.toMatch(/c4nary|canary/);
  },
);
