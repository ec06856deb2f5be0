import { describe, expect, test } from 'vitest';

import { formatMark, markOf, ownership, parseMark, parseSecretArn, secretHash } from './mark.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:payments/orders-AbCdEf';
const other = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:payments/invoices-GhIjKl';
const versionId = '5b1c4a7e-2f0d-4c3b-9a51-0d6c1f0e7a21';
const ours = markOf(arn, versionId, 'prod');

test('a mark says installation, secret and version, and is read as it was written', () => {
  const text = formatMark(ours);

  expect(text).toBe(`keyturn/v1/111122223333/eu-west-1/prod/${secretHash(arn)}/${versionId}`);
  expect(parseMark(text)).toEqual(ours);
});

test("a mark has nothing of the secret's name in it, and fits where providers keep attributes", () => {
  const text = formatMark(ours);

  expect(text).not.toContain('orders');
  expect(text.length).toBeLessThan(256);
});

describe('whose key it is:', () => {
  test.each([
    ['nobody said so', undefined, 'unmarked'],
    ['this version', formatMark(ours), 'this-secret'],
    ['another version of this secret', formatMark({ ...ours, versionId: 'other' }), 'this-secret'],
    ['another secret', formatMark(markOf(other, versionId, 'prod')), 'other-secret'],
    ['another stage', formatMark(markOf(arn, versionId, 'dev')), 'other-installation'],
    ['another account', formatMark(markOf(arn.replace('1111', '9999'), versionId, 'prod')), 'other-installation'],
    [
      'another Region',
      formatMark(markOf(arn.replace('eu-west-1', 'us-east-1'), versionId, 'prod')),
      'other-installation',
    ],
    ['nothing in it', '', 'other-installation'],
    ['another tool', 'managed-by-terraform', 'other-installation'],
    ['a later form of mark', formatMark(ours).replace('v1', 'v2'), 'other-installation'],
    ['a mark with more behind it', `${formatMark(ours)}/x`, 'other-installation'],
    ['a mark with a line behind it', `${formatMark(ours)}\n`, 'other-installation'],
    ['a mark with a shorter hash', formatMark({ ...ours, secretHash: ours.secretHash.slice(1) }), 'other-installation'],
  ])('%s', (_what, raw, owner) => {
    expect(ownership(raw, ours)).toBe(owner);
  });
});

describe('the ARN of a secret', () => {
  test.each([
    [arn, { region: 'eu-west-1', account: '111122223333', name: 'payments/orders-AbCdEf' }],
    [
      'arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:a-AbCdEf',
      { region: 'us-gov-west-1', account: '111122223333', name: 'a-AbCdEf' },
    ],
  ])('%s', (text, parts) => {
    expect(parseSecretArn(text)).toEqual(parts);
  });

  test.each([
    'payments/orders',
    '',
    'arn:aws:ssm:eu-west-1:111122223333:parameter/x',
    'arn:aws:secretsmanager:eu-west-1:1111:secret:x',
    'arn:aws:secretsmanager:eu-west-1:111122223333:secret:',
    `x ${arn}`,
    `${arn}\nx`,
  ])('is not %j, and the error does not repeat it', (text) => {
    expect(() => parseSecretArn(text)).toThrow(
      expect.objectContaining({ reason: 'malformed', field: 'SecretId', message: 'Not the ARN of a secret' }),
    );
  });
});

test('secrets have hashes of their own, of 32 characters', () => {
  expect(secretHash(arn)).toMatch(/^[0-9a-f]{32}$/);
  expect(secretHash(arn)).not.toBe(secretHash(other));
});
