import { readBreaker } from '@keyturn/aws/breaker';
import { heardNumber, noteSuperseded, readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { VerificationFailed } from '@keyturn/events/verification-failed';
import { credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';

import { day, hour, minute, secretText, world, type World } from '../../../test/world.ts';
import { parseOutcome, settleRotation } from './settle-rotation.ts';
import { sweepDue } from './sweep-due.ts';

const common = (w: World) => ({
  secretArn: w.arn,
  secretName: 'orders/apigee',
  provider: 'apigee',
  owner: 'orders',
  environment: 'test',
  runbookUrl: 'https://r.example',
});
const about = (w: World) => ({
  eventId: '00000000-0000-4000-8000-000000000001',
  occurredAt: new Date(w.clock.now()).toISOString(),
  correlationId: 'c',
  causationId: null,
  idempotencyKey: 'i',
  traceparent: null,
});

type Why = { readonly reason?: 'key-conflict' | 'same-key' | 'entitlements-differ'; readonly field?: string };

function failed(w: World, versionId: string, retryable = false, why: Why = {}) {
  const facts = {
    ...common(w),
    versionId,
    step: 'setSecret',
    reason: 'key-conflict',
    field: null,
    retryable,
    liveCredential: 'old',
    attempt: 1,
    nextRetry: null,
    ...why,
  } as const;
  return settleRotation(parseOutcome(RotationFailed.create(facts, about(w))), w.cleanup);
}

function rotated(w: World, versionId: string) {
  const facts = {
    ...common(w),
    versionId,
    previousVersionId: null,
    cause: 'rollback',
    verification: 'dataPlane',
    oldCredentialValidUntil: null,
    nextRotationAt: null,
  } as const;
  return settleRotation(parseOutcome(SecretRotated.create(facts, about(w))), w.cleanup);
}

function refused(w: World, deps: Partial<World['cleanup']> = {}) {
  const facts = {
    ...common(w),
    versionId: w.firstVersion,
    reason: 'key-disabled',
    code: null,
    previousVersionId: null,
  } as const;
  return settleRotation(parseOutcome(VerificationFailed.create(facts, about(w))), { ...w.cleanup, ...deps });
}

/** A rotation whose key exists at the provider, and is pending. */
async function pending(w: World, key = w.provider.handMade({ target: 'orders-app' })) {
  const token = await w.begin();
  await w.secrets.putPending({ arn: w.arn, token, text: hidden(secretText(key)), rotationToken: undefined });
  const known = w.keys().has(key.keyId.reveal());
  if (known) await w.provider.mark({ target: 'orders-app', keyId: key.keyId, mark: w.mark(token) });
  return { token, key };
}

test('a pending version whose key was switched off is cleared, and the key noted for its end', async () => {
  const w = await world();
  const { token, key } = await pending(w);
  await w.provider.disable({ target: 'orders-app', keyId: key.keyId, mark: w.mark(token) });

  await failed(w, token);

  expect(await w.labels(token)).not.toContain('AWSPENDING');
  expect((await readSuperseded(w.ledger, supersededKey(w.arn, token)))?.value).toMatchObject({
    kind: 'orphan',
    stage: 'grace',
    dueAt: w.clock.now() + hour + 10 * minute,
  });
});

test('a pending version whose key exists with another secret is cleared', async () => {
  const w = await world();
  const taken = w.provider.handMade({ target: 'orders-app' });
  const { token } = await pending(w, credential(taken.keyId.reveal(), 'another-secret'));

  await failed(w, token);

  expect(await w.labels(token)).not.toContain('AWSPENDING');
});

test.each([
  ['works', async (w: World) => pending(w)],
  ['is not made yet', async (w: World) => pending(w, credential('to-be-made', 's'))],
])('a pending version whose key %s is left to Secrets Manager', async (_, prepare) => {
  const w = await world();
  const { token } = await prepare(w);

  await failed(w, token);

  expect(await w.labels(token)).toContain('AWSPENDING');
});

test.each([
  ['a rotation that failed', (w: World) => failed(w, '00000000-0000-4000-8000-00000000dead')],
  ['a current key that is refused', (w: World) => refused(w)],
  [
    'the same while the breaker cannot count',
    (w: World) => {
      const write = () => Promise.reject(new TransientError('down'));
      return refused(w, { ledger: { ...w.ledger, write } }).catch(() => {});
    },
  ],
])('I1: at word of %s, a current key that is off is switched on', async (_, hear) => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  w.provider.handMade({ target: 'orders-app' });
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });

  await hear(w);

  expect(w.keys().get(w.handMade.keyId.reveal())).toBe('enabled');
  expect(w.events('CredentialRestored')).toHaveLength(1);
});

test('a current key that is refused counts also while its provider does not answer, and is looked at again', async () => {
  const w = await world();
  const check = () => Promise.reject(new TransientError('down'));

  const heard = refused(w, { issue: () => ({ ...w.provider, check }) });

  await expect(heard).rejects.toThrow('down');
  expect((await readBreaker(w.ledger, 'failed-verifications'))?.value.counted).not.toEqual({});
});

test('word of a refusal that may not be looked into counts, and is no dead letter', async () => {
  const w = await world();
  const check = () => Promise.reject(new PermanentError('access-denied', 'The adapter may not ask'));

  await refused(w, { issue: () => ({ ...w.provider, check }) });

  expect((await readBreaker(w.ledger, 'failed-verifications'))?.value.counted).not.toEqual({});
});

test('a failure that may heal clears nothing', async () => {
  const w = await world();
  const { token, key } = await pending(w);
  await w.provider.disable({ target: 'orders-app', keyId: key.keyId, mark: w.mark(token) });

  await failed(w, token, true);

  expect(await w.labels(token)).toContain('AWSPENDING');
});

test('absent or off says nothing while the current key is not found either', async () => {
  const w = await world();
  const { token, key } = await pending(w);
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  await w.provider.disable({ target: 'orders-app', keyId: key.keyId, mark: w.mark(token) });
  w.provider.switchOff('orders-app');

  await failed(w, token);

  expect(await w.labels(token)).toContain('AWSPENDING');
});

test('a paused fleet clears nothing', async () => {
  const w = await world();
  const { token, key } = await pending(w);
  await w.provider.disable({ target: 'orders-app', keyId: key.keyId, mark: w.mark(token) });
  await w.fleet.set('paused');

  await failed(w, token);

  expect(await w.labels(token)).toContain('AWSPENDING');
});

test('an abandoned rotation: its key is noted for its end, and the pasted one is left alone', async () => {
  const w = await world();
  const { token } = await pending(w);
  const pasted = await w.paste(w.provider.handMade({ target: 'orders-app' }));

  await failed(w, token);
  await failed(w, token);

  expect((await readSuperseded(w.ledger, supersededKey(w.arn, token)))?.value).toMatchObject({ kind: 'orphan' });
  expect(await readSuperseded(w.ledger, supersededKey(w.arn, pasted))).toBeUndefined();
});

test('I3: an abandoned rotation that died before it wrote down the key that the provider had made: the key ends by its mark', async () => {
  const w = await world({ mode: 'generated' });
  const token = await w.begin();
  const like = w.handMade;
  const made = await w.provider.propose({ target: 'orders-app', mark: w.mark(token), like, entitlements: [] });
  const pasted = w.provider.handMade({ target: 'orders-app' });
  await w.paste(pasted);

  await failed(w, token);
  for (let step = 0; step < 2; step += 1) {
    w.pass(8 * day);
    await w.seen();
    await sweepDue(w.clock.now() + 15 * minute, w.cleanup);
  }

  expect(w.keys().has(made.keyId.reveal())).toBe(false);
  expect(w.keys().get(pasted.keyId.reveal())).toBe('enabled');
});

test('a failure that is told of a version which is current by now changes nothing', async () => {
  const w = await world();

  await failed(w, w.firstVersion);

  expect(await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion))).toBeUndefined();
});

test('a failed dry run leaves nothing to retire: its version is a copy of the current one', async () => {
  const w = await world();
  const { VersionId: token = '' } = await w.model.putSecretValue({
    SecretId: w.arn,
    SecretString: secretText(w.handMade),
    VersionStages: ['x'],
  });

  await failed(w, token);

  expect(await readSuperseded(w.ledger, supersededKey(w.arn, token))).toBeUndefined();
});

test('a version that was current for a moment gets a whole grace, not an orphan’s minimum age', async () => {
  const w = await world();
  const { token } = await pending(w);
  await w.secrets.moveCurrent({ arn: w.arn, from: w.firstVersion, to: token });
  await w.secrets.dropPending({ arn: w.arn, versionId: token });
  await w.secrets.moveCurrent({ arn: w.arn, from: token, to: w.firstVersion });

  await failed(w, token);

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, token));
  expect(row?.value).toMatchObject({ kind: 'superseded', dueAt: w.clock.now() + day + 10 * minute });
});

test.each(['shape', 'tags'])(
  'what cannot be judged because of its %s is left alone, without a dead letter',
  async (what) => {
    const w = await world();
    const { token } = await pending(w);
    if (what === 'tags') await w.secrets.tag(w.arn, { 'keyturn:policy': 'nothing' });
    else await w.paste('not what the shape says');

    await failed(w, token);

    expect(await readSuperseded(w.ledger, supersededKey(w.arn, token))).toBeUndefined();
  },
);

test('a current key that is off after a rollback is switched on and told', async () => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  w.provider.handMade({ target: 'orders-app' });
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });

  await rotated(w, w.firstVersion);

  expect(w.keys().get(w.handMade.keyId.reveal())).toBe('enabled');
  expect(w.events()).toMatchObject([{ 'detail-type': 'CredentialRestored' }]);
});

test("a stranger's key that is off is not ours to switch on", async () => {
  const w = await world();
  const stranger = 'keyturn/v1/999999999999/eu-central-1/prod/00000000000000000000000000000000/v';
  const theirs = w.provider.handMade({ target: 'orders-app', mark: stranger, disabled: true });
  const versionId = await w.paste(theirs);

  await rotated(w, versionId);

  expect(w.keys().get(theirs.keyId.reveal())).toBe('disabled');
});

test.each([
  ['nothing', undefined],
  ['another event', { 'detail-type': 'CredentialVerified' }],
  ['half an event', { source: 'keyturn', 'detail-type': 'SecretRotated', detail: {} }],
])('refuses %s', (_, body) => {
  expect(() => parseOutcome(body)).toThrow();
});

test('a key that is restored twice is told twice', async () => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  w.provider.handMade({ target: 'orders-app' });

  for (let time = 0; time < 2; time += 1) {
    await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
    await rotated(w, w.firstVersion);
  }

  const keys = w.events('CredentialRestored').map(({ detail }) => detail.metadata.idempotencyKey);
  expect(new Set(keys).size).toBe(2);
});

test('off says nothing while the provider knows another secret for the current key', async () => {
  const w = await world();
  await w.paste(credential(w.handMade.keyId.reveal(), 'mistyped'));
  const { token, key } = await pending(w);
  await w.provider.disable({ target: 'orders-app', keyId: key.keyId, mark: w.mark(token) });

  await failed(w, token);

  expect(await w.labels(token)).toContain('AWSPENDING');
});

test('a pending version whose key the provider had chosen, and is gone, is cleared', async () => {
  const w = await world({ mode: 'generated' });
  const { token } = await pending(w, credential('made-and-removed', 's'));

  await failed(w, token);

  expect(await w.labels(token)).not.toContain('AWSPENDING');
});

test("a pending version whose key bears another secret's mark is cleared", async () => {
  const w = await world();
  const mark = 'keyturn/v1/123456789012/eu-central-1/test/00000000000000000000000000000000/v';
  const theirs = w.provider.handMade({ target: 'orders-app', mark });
  const token = await w.begin();
  await w.secrets.putPending({ arn: w.arn, token, text: hidden(secretText(theirs)), rotationToken: undefined });

  await failed(w, token);

  expect(await w.labels(token)).not.toContain('AWSPENDING');
  expect(w.keys().get(theirs.keyId.reveal())).toBe('enabled');
});

test.each([
  ['the previous version is cleared, for no retry makes it its own', true],
  ['the current one, a dry run, is left to Secrets Manager', false],
])('a pending version that is a copy of %s', async (_, isPrevious) => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  if (isPrevious) await w.paste(w.provider.handMade({ target: 'orders-app' }));
  const token = await w.begin();
  const text = hidden(secretText(w.handMade));
  await w.secrets.putPending({ arn: w.arn, token, text, rotationToken: undefined });

  await failed(w, token);

  expect((await w.labels(token))?.includes('AWSPENDING')).toBe(!isPrevious);
  expect(w.keys().get(w.handMade.keyId.reveal())).toBe('enabled');
});

test('a pending version that has no value yet is left to Secrets Manager', async () => {
  const w = await world();
  const token = await w.begin();

  await failed(w, token);

  expect(await w.labels(token)).toContain('AWSPENDING');
});

test('I2: an abandoned version that became current after all is superseded like any other, with a whole grace', async () => {
  const w = await world();
  const { token } = await pending(w);
  await w.paste(w.provider.handMade({ target: 'orders-app' }));
  await failed(w, token);
  const now = w.clock.now();

  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: token,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'superseded',
    n: heardNumber,
    supersededAt: now,
    supersededBy: w.firstVersion,
    correlationId: 'c',
    dueAt: now + 24 * hour,
  });

  expect((await readSuperseded(w.ledger, supersededKey(w.arn, token)))?.value.kind).toBe('superseded');
});

test.each([
  ['the key that bears its mark may be in use', 'mark', false],
  ['keys without a mark wait for a person, and the next try may succeed', 'target', true],
])('an empty pending version in conflict is cleared or not: %s', async (_, field, stays) => {
  const w = await world({ mode: 'generated' });
  const token = await w.begin();

  await failed(w, token, false, { reason: 'key-conflict', field });

  expect((await w.labels(token)).includes('AWSPENDING')).toBe(stays);
});

test('a pending version that holds the current key is a dry run, and cleared only where a rotation failed by it', async () => {
  const w = await world();
  const { token } = await pending(w, w.handMade);

  await failed(w, token);
  const kept = await w.labels(token);
  await failed(w, token, false, { reason: 'same-key', field: '/key' });

  expect(kept).toContain('AWSPENDING');
  expect(await w.labels(token)).not.toContain('AWSPENDING');
});

test.each([
  [['read'], 'entitlements', 'is cleared'],
  [['read'], 'product:write', 'stays'],
  [undefined, 'entitlements', 'stays'],
] as const)(
  'a pending version whose key may do %s where the provider refused %s %s',
  async (entitlements, field, what) => {
    const w = await world();
    const key = w.provider.handMade({ target: 'orders-app', ...(entitlements && { entitlements }) });
    const { token } = await pending(w, key);

    await failed(w, token, false, { reason: 'entitlements-differ', field });

    expect((await w.labels(token)).includes('AWSPENDING')).toBe(what === 'stays');
  },
);
