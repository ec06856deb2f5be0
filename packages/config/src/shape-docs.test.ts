import { readFileSync } from 'node:fs';

import { credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import { vetSecret, writeCredential } from '@keyturn/rotation/shape';
import { expect, test } from 'vitest';
import * as z from 'zod';

import { parseYaml } from './parse-yaml.ts';
import { shape } from './shape-config.ts';

const docs = readFileSync(new URL('../../../docs/shapes.md', import.meta.url), 'utf8');
const example = /```(?:json|text)\n(?<secret>.*?)```\n\n```yaml\n(?<yaml>.*?)```/gs;
const examples = [...docs.matchAll(example)].flatMap(({ groups }) => {
  const { shapes } = z.object({ shapes: z.record(z.string(), shape) }).parse(parseYaml(groups?.['yaml'] ?? ''));
  return Object.entries(shapes).map(([id, made]) => ({ id, made, secret: { text: hidden(groups?.['secret'] ?? '') } }));
});

test('every secret in the docs has its shape beside it', () => {
  expect(examples).toHaveLength([...docs.matchAll(/```(json|text)\n/g)].length);
});

test.each(examples)('the example of $id is taken as it stands', ({ id, made, secret }) => {
  const found = vetSecret({ id, ...made }, secret);

  const [keyId, value] = [found?.keyId.reveal(), found?.secret.reveal()];
  expect([keyId, value]).toEqual(id === 'later' ? [undefined, undefined] : ['hR4q0Zb7', 'vT9xLw2c']);
});

test.each(examples)('the example of $id can be rotated', ({ id, made, secret }) => {
  const written = writeCredential({ id, ...made }, secret, credential('K1', 'S1'));

  expect(written.text.reveal()).not.toContain('hR4q0Zb7');
  expect(written.text.reveal()).not.toContain('aFI0cTBaYjc6');
});
