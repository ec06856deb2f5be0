import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { breakingChanges } from './breaking-changes.ts';

const schemaOf = (shape: z.ZodRawShape) => z.toJSONSchema(z.object({ data: z.object(shape) }), { io: 'input' });

const before = {
  name: z.string(),
  note: z.string().optional(),
  cause: z.enum(['rotation', 'rollback', 'manual']),
  at: z.iso.datetime().nullable(),
  tags: z.array(z.string()),
};

describe('a consumer would trip over', () => {
  test.each<[string, z.ZodRawShape, string]>([
    ['a property that is gone', { name: undefined! }, 'data.name was removed'],
    ['a new property that is required: archived events lack it', { tenant: z.string() }, 'data.tenant became required'],
    ['a property that became required', { note: z.string() }, 'data.note became required'],
    ['a property that may be missing', { name: z.string().optional() }, 'data.name may be missing'],
    ['another type', { name: z.number() }, 'data.name was string and is number'],
    ['null where there was none', { name: z.string().nullable() }, 'data.name was string and is null or string'],
    [
      'no null where there was one',
      { at: z.iso.datetime() },
      'data.at was null or string date-time and is string date-time',
    ],
    ['another format', { at: z.string().nullable() }, 'data.at was null or string date-time and is null or string'],
    ['fewer values', { cause: z.enum(['rotation', 'manual']) }, 'data.cause can no longer be rollback'],
    ['a list of values where there was none', { name: z.enum(['a']) }, 'data.name can only be a'],
    ['other items', { tags: z.array(z.int()) }, 'data.tags[] was string and is integer'],
  ])('%s', (_what, change, problem) => {
    const after = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, type]) => type !== undefined));

    expect(breakingChanges(schemaOf(before), schemaOf(after))).toEqual([problem]);
  });

  test('another constant', () => {
    const was = z.toJSONSchema(z.object({ type: z.literal('A') }));
    const is = z.toJSONSchema(z.object({ type: z.literal('B') }));

    expect(breakingChanges(was, is)).toEqual(['type was string "A" and is string "B"']);
  });
});

test('nobody trips over a new optional property, or over a new value of an enum', () => {
  const after = {
    ...before,
    tenant: z.string().optional(),
    cause: z.enum(['rotation', 'rollback', 'manual', 'drift']),
  };

  expect(breakingChanges(schemaOf(before), schemaOf(after))).toEqual([]);
});
