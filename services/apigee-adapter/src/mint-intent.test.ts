import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';

import { keySchema, type ApigeeKey } from './apigee-app.ts';
import { intentsIn, intentTo, leftoversOf, withIntents } from './mint-intent.ts';
import { randomText } from './random-text.ts';

const markOf = (version: number) =>
  `keyturn/v1/111122223333/eu-west-1/test/0123456789abcdef0123456789abcdef/v-${version}`;
const mark = markOf(1);
const at = 1_800_000_000_000;

function key(consumerKey: string, issuedAt: number | undefined = at, attributes: readonly object[] = []): ApigeeKey {
  return keySchema.parse({ consumerKey, consumerSecret: 's', status: 'approved', issuedAt, attributes });
}

test('is read as it was written, without keys beside it too, and keeps the other attributes', () => {
  const alone = intentTo({ mark, at }, [], randomText);
  const beside = intentTo({ mark: markOf(2), at }, [key('one-key'), key('another-key')], randomText);
  const others = [
    { name: 'Notes', value: 'call Ann' },
    { name: 'keyturn-intent', value: 'an earlier one' },
  ];

  const written = withIntents(others, [alone, beside]);

  expect(written).toHaveLength(2);
  expect(written[0]).toEqual(others[0]);
  expect(JSON.stringify(written)).not.toMatch(/one-key|another-key/);
  expect(leftoversOf(intentsIn(written)[0] ?? beside, [key('new')], undefined)).toHaveLength(1);
  expect(intentsIn(written).map(({ mark: of, id }) => [of, id])).toEqual([
    [alone.mark, alone.id],
    [beside.mark, beside.id],
  ]);
});

test.each(['', 'text', mark, `${mark} yesterday ab12 `, `${mark} 1 zz `, 'a/mark 1 ab12 ', ';;;'])(
  'is not read from %j, which somebody else wrote',
  (value) => {
    expect(intentsIn([{ name: 'keyturn-intent', value }])).toEqual([]);
  },
);

test('has no room where the attribute would be longer than Apigee takes', () => {
  const keys = Array.from({ length: 250 }, (_, index) => key(`key-${index}`));

  expect(() => withIntents([], [intentTo({ mark, at }, keys, randomText)])).toThrow(
    expect.objectContaining({ reason: 'quota', field: 'target' }),
  );
});

test.each<[string, ApigeeKey, boolean]>([
  ['just issued', key('new'), true],
  ['issued by a clock that is a little behind', key('new', at - 50_000), true],
  ['issued before', key('new', at - 70_000), false],
  ['issued later', key('new', at + 130_000), false],
  ['of an unknown age', keySchema.parse({ consumerKey: 'new', consumerSecret: 's', status: 'approved' }), false],
  ['there before', key('old'), false],
  ['older than one that was there before', key('new', at - 31_000), false],
  ['in use', key('current'), false],
  ['with a mark of whomever', key('new', at, [{ name: 'keyturn', value: 'anybody' }]), false],
])('a key is a leftover or not: %s', (_, candidate, expected) => {
  const old = key('old', at - (candidate.issuedAt === at - 50_000 ? 90_000 : 30_000));
  const intent = intentTo({ mark, at }, [old], randomText);
  const current = { keyId: hidden('current'), secret: hidden('s') };

  expect(leftoversOf(intent, [old, candidate], current)).toEqual(expected ? [candidate] : []);
});

test('the key that bears the mark is the one that was made: no other is a leftover', () => {
  const intent = intentTo({ mark, at }, [], randomText);

  expect(
    leftoversOf(intent, [key('made', at, [{ name: 'keyturn', value: mark }]), key('by a person')], undefined),
  ).toEqual([]);
});
