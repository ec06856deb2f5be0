import { expect, test } from 'vitest';

import { eventPattern } from './event-pattern.ts';

const event = {
  source: 'keyturn',
  'detail-type': 'SecretRotated',
  resources: ['arn:one', 'arn:two'],
  detail: {
    name: 'Apigee/App-X',
    n: 7,
    ok: true,
    none: null,
    tags: [],
    file: 'key.PNG',
    items: [
      { id: 'a', size: 1 },
      { id: 'b', size: 2 },
    ],
  },
};

test.each<[string, object]>([
  ['an exact value', { source: ['other', 'keyturn'] }],
  ['several fields', { source: ['keyturn'], 'detail-type': ['SecretRotated'] }],
  ['a nested field', { detail: { ok: [true], none: [null] } }],
  ['one element of an array', { resources: ['arn:two'] }],
  ['a prefix', { detail: { name: [{ prefix: 'Apigee/' }] } }],
  ['a prefix without regard to case', { detail: { name: [{ prefix: { 'equals-ignore-case': 'apigee/' } }] } }],
  ['a suffix', { detail: { name: [{ suffix: '-X' }] } }],
  ['a suffix without regard to case', { detail: { file: [{ suffix: { 'equals-ignore-case': '.png' } }] } }],
  ['equal but for case', { detail: { name: [{ 'equals-ignore-case': 'apigee/app-x' }] } }],
  ['a wildcard', { detail: { name: [{ wildcard: 'Api*/*X' }] } }],
  ['a number', { detail: { n: [{ numeric: ['=', 7] }] } }],
  ['a range of numbers', { detail: { n: [{ numeric: ['>', 6, '<=', 7] }] } }],
  ['anything but a value', { detail: { name: [{ 'anything-but': ['x', 'y'] }] } }],
  ['anything but a prefix', { detail: { name: [{ 'anything-but': { prefix: 'ssh/' } }] } }],
  ['anything but some suffixes', { detail: { name: [{ 'anything-but': { suffix: ['-Y', '-Z'] } }] } }],
  ['a field that is there', { detail: { name: [{ exists: true }] } }],
  ['a field that is not there', { 'replay-name': [{ exists: false }] }],
  ['a field inside an absent object', { metadata: { id: [{ exists: false }] } }],
  ['one of two alternatives', { $or: [{ source: ['x'] }, { detail: { n: [7] } }] }],
  ['alternatives beside a field', { source: ['keyturn'], detail: { $or: [{ n: [1] }, { ok: [true] }] } }],
  ['one object of an array', { detail: { items: { id: ['b'], size: [2] } } }],
])('fits %s', (_, pattern) => {
  expect(eventPattern(JSON.stringify(pattern))(event)).toBe(true);
});

test.each<[string, object]>([
  ['another value', { source: ['other'] }],
  ['one field of two', { source: ['keyturn'], 'detail-type': ['Other'] }],
  ['a number for a string', { detail: { name: [7] } }],
  ['a string for a number', { detail: { n: ['7'] } }],
  ['an absent field', { detail: { absent: ['x'] } }],
  ['an absent field by anything-but', { detail: { absent: [{ 'anything-but': 'x' }] } }],
  ['anything but its value', { detail: { n: [{ 'anything-but': [7] }] } }],
  ['a field that must be absent', { source: [{ exists: false }] }],
  ['an object that must exist as a leaf', { detail: [{ exists: true }] }],
  ['an empty array', { detail: { tags: ['x'] } }],
  ['a number out of range', { detail: { n: [{ numeric: ['>=', 8] }] } }],
  ['another prefix', { detail: { name: [{ prefix: 'apigee' }] } }],
  ['no alternative', { $or: [{ source: ['x'] }, { source: ['y'] }] }],
  ['conditions that two objects of an array meet together', { detail: { items: { id: ['a'], size: [2] } } }],
])('does not fit %s', (_, pattern) => {
  expect(eventPattern(pattern)(event)).toBe(false);
});

test.each([
  'nonsense',
  '[]',
  '{}',
  '{"source":"keyturn"}',
  '{"source":[]}',
  '{"detail":{}}',
  '{"source":[["keyturn"]]}',
  '{"source":[{"regex":"x"}]}',
  '{"source":[{"prefix":"x","suffix":"y"}]}',
  '{"source":[{"prefix":7}]}',
  '{"source":[{"exists":"yes"}]}',
  '{"source":[{"numeric":[">"]}]}',
  '{"source":[{"numeric":["~",1]}]}',
  '{"source":[{"wildcard":"a**b"}]}',
  '{"source":[{"anything-but":[]}]}',
  '{"source":[{"anything-but":{"numeric":["=",1]}}]}',
  '{"$or":[{"source":["x"]}]}',
])('refuses the pattern %s', (pattern) => {
  expect(() => eventPattern(pattern)).toThrow(
    expect.objectContaining({ name: 'InvalidEventPatternException' }) as Error,
  );
});
