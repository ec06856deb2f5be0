import { readFileSync } from 'node:fs';

import * as z from 'zod';
import { describe, expect, test } from 'vitest';

import { reasons } from '@keyturn/rotation/errors';

import { replySchema } from './wire-reply.ts';
import * as wire from './wire.ts';

const page = readFileSync(new URL('../../../docs/adapter-protocol.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```json (?<kind>\w+) ?(?<operation>\w*)\n(?<json>.*?)^```$/gms)].map(
  ({ groups }) => ({
    kind: groups?.['kind'],
    operation: groups?.['operation'] ?? '',
    example: JSON.parse(groups?.['json'] ?? '') as unknown,
  }),
);
const exchanges = new Map(Object.values(wire).map((exchange) => [exchange.operation, exchange]));

describe('docs/adapter-protocol.md', () => {
  test('shows an answer of every kind that Keyturn reads', () => {
    const answers = examples
      .filter(({ kind }) => kind === 'answer')
      .map(({ example }) => z.parse(replySchema, example));

    expect(answers.map((answer) => (answer.ok ? 'ok' : answer.error.kind))).toEqual([
      'ok',
      'transient',
      'pending',
      'permanent',
    ]);
  });

  test('shows a request of every operation, field by field as Keyturn sends it', () => {
    const requests = examples.filter(({ kind }) => kind === 'request');

    for (const { example } of requests) {
      const { version, operation, ...fields } = z.parse(z.looseObject({ operation: z.string() }), example);
      const schema = exchanges.get(operation)?.request ?? z.never();
      expect(version).toBe(1);
      expect(z.encode(schema, z.decode(schema, fields) as never)).toEqual(fields);
    }
    const shown = requests.map(({ example }) => z.parse(z.object({ operation: z.string() }), example).operation);
    expect(shown.sort()).toEqual([...exchanges.keys()].sort());
  });

  test('shows results that Keyturn reads', () => {
    const results = examples.filter(({ kind }) => kind === 'result');

    for (const { operation, example } of results) {
      const schema = exchanges.get(operation)?.result ?? z.never();
      expect(z.safeParse(schema, example).success, operation).toBe(true);
    }
    expect(new Set(results.map(({ operation }) => operation))).toEqual(
      new Set(['describe', 'locate', 'propose', 'ensure', 'check', 'list']),
    );
  });

  test('lists reasons that exist', () => {
    const [, table = ''] = page.split('### Reasons');
    const listed = [...table.split('## Words')[0]!.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, reason]) => reason);

    expect(listed.length).toBeGreaterThan(5);
    expect(reasons).toEqual(expect.arrayContaining(listed));
  });
});
