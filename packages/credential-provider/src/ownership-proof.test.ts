import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf, secretHash } from '@keyturn/rotation/mark';
import { describe, expect, test } from 'vitest';

import type { Capabilities, KeyState, Use } from './credential-provider.ts';
import { isOwn, otherSecretField, otherSecretIn, proveOwnership, provenOwnership } from './ownership-proof.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf';
const otherArn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:billing-GhIjKl';
const mark = markOf(arn, 'version-2', 'prod');

describe('a key is this secret’s', () => {
  test('when the provider stores the same secret and it bears no mark', () => {
    expect(proveOwnership({ check: checked({}), mark })).toEqual({ marked: false });
  });

  test('when it bears the mark of any version of this secret', () => {
    const earlier = formatMark(markOf(arn, 'version-1', 'prod'));

    expect(proveOwnership({ check: checked({ mark: earlier }), mark })).toEqual({ marked: true });
  });

  test('also while it cannot be used: that is another question', () => {
    expect(proveOwnership({ check: checked({ state: 'unusable' }), mark })).toEqual({ marked: false });
  });

  test('where secrets are not told: by its mark, or because it was accepted in use', () => {
    const untold = { secretMatches: undefined };

    expect(proveOwnership({ check: checked({ ...untold, mark: formatMark(mark) }), mark })).toEqual({ marked: true });
    expect(proveOwnership({ check: checked(untold, { outcome: 'accepted' }), mark })).toEqual({ marked: false });
  });
});

describe('a key is refused', () => {
  const refusals: readonly [string, KeyState, Pick<PermanentError, 'reason' | 'field'>][] = [
    ['that the target does not have', { state: 'absent' }, { reason: 'not-yours', field: 'tag keyturn:target' }],
    ['whose secret is another', key({ secretMatches: false }), { reason: 'not-yours', field: 'tag keyturn:target' }],
    [
      'whose secret is another, though it bears our mark',
      key({ secretMatches: false, mark: formatMark(mark) }),
      { reason: 'not-yours', field: 'tag keyturn:target' },
    ],
    ['that nothing proves', key({ secretMatches: undefined }), { reason: 'not-yours', field: 'tag keyturn:target' }],
    [
      'of another stage',
      key({ mark: formatMark(markOf(arn, 'version-2', 'dev')) }),
      { reason: 'not-yours', field: 'mark' },
    ],
    ['with a mark that nobody can read', key({ mark: 'by hand' }), { reason: 'not-yours', field: 'mark' }],
    ['with an empty mark', key({ mark: '' }), { reason: 'not-yours', field: 'mark' }],
    [
      'of another secret',
      key({ mark: formatMark(markOf(otherArn, 'version-1', 'prod')) }),
      { reason: 'shared-key', field: `secret ${secretHash(otherArn)}` },
    ],
    ['that somebody disabled', key({ state: 'disabled' }), { reason: 'key-disabled', field: 'key' }],
  ];

  test.each(refusals)('%s', (_name, state, expected) => {
    const prove = () => proveOwnership({ check: { key: state, use: { outcome: 'not-asked' } }, mark });

    expect(prove).toThrow(PermanentError);
    expect(prove).toThrow(expect.objectContaining(expected));
  });

  test('as another secret’s before it is found disabled: a stranger learns nothing more', () => {
    const theirs = formatMark(markOf(otherArn, 'version-1', 'prod'));
    const check = checked({ state: 'disabled', mark: theirs });

    expect(() => proveOwnership({ check, mark })).toThrow(expect.objectContaining({ reason: 'shared-key' }));
  });

  test('and the other secret can be named by the hash of its ARN', () => {
    const check = checked({ mark: formatMark(markOf(otherArn, 'version-1', 'prod')) });

    expect(provenOwnership({ check, mark })).toEqual({ owner: 'other-secret', secretHash: secretHash(otherArn) });
    expect(() => proveOwnership({ check, mark })).toThrow(
      expect.objectContaining({ field: otherSecretField(secretHash(otherArn)) }),
    );
    expect(otherSecretIn(otherSecretField(secretHash(otherArn)))).toBe(secretHash(otherArn));
  });
});

describe('an old key is a secret’s own', () => {
  const marking: Capabilities = {
    clientSuppliedKey: true,
    listOwned: true,
    mark: true,
    reversibleDisable: true,
    overlap: 'multi',
    lastUsed: false,
    propagationMs: 0,
    revocationMs: 0,
    expiryOnCreate: false,
  };
  const chosen = { ...marking, mark: false };
  const generated = { ...chosen, clientSuppliedKey: false };
  const ours = formatMark(markOf(arn, 'version-1', 'prod'));
  const theirs = formatMark(markOf(otherArn, 'version-1', 'prod'));

  test.each<[string, Capabilities, KeyState, boolean]>([
    ['by its mark', marking, key({ mark: ours }), true],
    ['not without one, where keys can bear one', marking, key({}), false],
    ['by its value, where we choose keys that bear none', chosen, key({}), true],
    ['not where the secret is another', chosen, key({ secretMatches: false }), false],
    ['not where nobody tells the secret', chosen, key({ secretMatches: undefined }), false],
    ['not where it bears a mark all the same, and another one', chosen, key({ mark: theirs }), false],
    ['not where the provider chooses keys that bear none', generated, key({}), false],
    ['not where it is gone', chosen, { state: 'absent' }, false],
  ])('%s', (_, capabilities, state, expected) => {
    expect(isOwn(state, mark, capabilities)).toBe(expected);
  });
});

type PresentKey = Exclude<KeyState, { state: 'absent' }>;

function key(edit: Partial<PresentKey>): PresentKey {
  return { state: 'enabled', secretMatches: true, mark: undefined, entitlements: [], issuedAt: undefined, ...edit };
}

function checked(edit: Partial<PresentKey>, use: Use = { outcome: 'not-asked' }) {
  return { key: key(edit), use };
}
