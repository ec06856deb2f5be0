import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

import { configJsonSchema } from './json-schema.ts';

const read = (name: string) => readFileSync(new URL(`../../../config/${name}`, import.meta.url), 'utf8');

test('config/schema.json is what the code says; `npx -y pnpm@12 exec node packages/config/src/write-schema.ts` writes it anew', () => {
  const committed: unknown = JSON.parse(read('schema.json'));

  expect(committed).toEqual(structuredClone(configJsonSchema()));
});

test('an editor accepts the example by the schema, and underlines a field that does not exist', () => {
  const editor = z.fromJSONSchema(configJsonSchema());
  const example: unknown = parse(read('example.yaml'));

  expect(editor.safeParse(example).error).toBeUndefined();
  expect(editor.safeParse({ ...Object(example), colour: 'red' }).success).toBe(false);
});
