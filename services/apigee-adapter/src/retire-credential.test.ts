import type { Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test } from 'vitest';

import { simulatedApigee, target } from './simulated-apigee.conformance.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const mark = formatMark(markOf(arn, '00000001', 'test'));
const ours = [{ name: 'keyturn', value: mark }];

async function setUp() {
  const simulated = await simulatedApigee();
  onTestFinished(() => simulated.close());
  const { provider, apigee, appOf } = simulated;
  const run = (operation: 'disable' | 'enable' | 'remove', { keyId }: Credential) =>
    provider[operation]({ target, keyId, mark });
  const status = ({ keyId }: Credential) =>
    apigee.keys(appOf(target)).find((key) => key.consumerKey === keyId.reveal())?.status;
  return { ...simulated, run, status };
}

test('revokes and approves with an empty body of octets, and deletes', async () => {
  const { handMade, run, calls, apigee, appOf } = await setUp();
  handMade();
  const key = handMade({ attributes: ours });

  for (const operation of ['disable', 'enable', 'disable', 'remove'] as const) await run(operation, key);

  expect(calls.filter((id) => id.includes('.keys.'))).toEqual([
    ...Array.from({ length: 3 }, () => 'organizations.developers.apps.keys.updateDeveloperAppKey'),
    'organizations.developers.apps.keys.delete',
  ]);
  expect(apigee.keys(appOf(target))).toHaveLength(1);
});

test.each([
  ['200 with the key', { status: 200, body: '{"status":"revoked"}' }],
  ['200 without a body', { status: 200 }],
  ['204', { status: 204 }],
])('takes %s for a success', async (_, reply) => {
  const { handMade, run, interfere } = await setUp();
  handMade();
  const key = handMade({ attributes: ours });
  interfere(({ method }) => (method === 'POST' ? reply : 'pass'));

  await expect(run('disable', key)).resolves.toBeUndefined();
});

for (const operation of ['disable', 'enable', 'remove'] as const) {
  test.each([
    ['a page with 200', { status: 200, body: '<html>' }],
    ['a page with 404', { status: 404, body: '<html>' }],
    ['a redirect', { status: 302, headers: { location: '/' } }],
  ])(`${operation} does not take %s for a success`, async (_, reply) => {
    const { handMade, run, interfere } = await setUp();
    handMade();
    const key = handMade({ attributes: ours, ...(operation === 'enable' && { status: 'revoked' }) });
    interfere(({ method }) => (method === 'GET' ? 'pass' : reply));

    await expect(run(operation, key)).rejects.toMatchObject({ reason: 'provider-answer' });
  });

  test(`${operation} never takes a page for an app without keys`, async () => {
    const { handMade, run, interfere } = await setUp();
    const key = handMade({ attributes: ours });
    interfere(() => ({ status: 404, body: '<html>' }));

    await expect(run(operation, key)).rejects.toMatchObject({ reason: 'provider-answer' });
  });
}

test('never deletes a developer that is gone with all keys: that is a missing target', async () => {
  const { provider, handMade } = await setUp();
  const { keyId } = handMade({ attributes: ours });

  await expect(
    provider.remove({ target: 'developers/gone@example.com/apps/orders', keyId, mark }),
  ).rejects.toMatchObject({ reason: 'target-missing' });
});

test.each([
  ['another secret', formatMark(markOf(arn.replace('orders', 'billing'), '00000001', 'test'))],
  ['another stage', formatMark(markOf(arn, '00000001', 'live'))],
  ['a stranger', 'mine'],
])('keeps away from a key of %s', async (_, value) => {
  const { handMade, run, status } = await setUp();
  handMade();
  const key = handMade({ attributes: [{ name: 'keyturn', value }] });

  for (const operation of ['disable', 'remove', 'enable'] as const) {
    await expect(run(operation, key)).rejects.toMatchObject({ reason: 'not-yours', field: 'mark' });
  }

  expect(status(key)).toBe('approved');
});

test('counts a key as the last that works beside keys that are revoked, expired or without an approved product', async () => {
  const { handMade, run, status, clock } = await setUp();
  const key = handMade({ attributes: ours });
  handMade({ status: 'revoked' });
  handMade({ expiresAt: clock.now() - 1 });
  handMade({ products: [{ name: 'orders', status: 'pending' }] });
  handMade({ products: [] });

  await expect(run('disable', key)).rejects.toMatchObject({ reason: 'last-key' });
  await expect(run('remove', key)).rejects.toMatchObject({ reason: 'last-key' });
  expect(status(key)).toBe('approved');

  handMade();
  await run('disable', key);
  expect(status(key)).toBe('revoked');
});

test('needs a mark that can be read, whatever the key bears', async () => {
  const { provider, handMade } = await setUp();
  handMade();
  const { keyId } = handMade({ attributes: [{ name: 'keyturn', value: 'mine' }] });

  await expect(provider.disable({ target, keyId, mark: 'mine' })).rejects.toMatchObject({
    reason: 'malformed',
    field: 'mark',
  });
});
