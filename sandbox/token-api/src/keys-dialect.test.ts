import { expect, test } from 'vitest';

import { worldUnderTest } from './world-under-test.ts';

function setUp(options: { readonly maxKeys?: number; readonly pageSize?: number } = {}) {
  const under = worldUnderTest({ dialect: 'keys', ...options });
  under.world.addTarget('orders');
  const asAdmin = () => ({ authorization: `Bearer ${under.world.admin()['token']}` });
  return {
    ...under,
    asAdmin,
    create: (json: object, once?: string) =>
      under.manage('POST /projects/orders/keys', {
        headers: { ...asAdmin(), ...(once !== undefined && { 'idempotency-key': once }) },
        json,
      }),
  };
}

test('tells the secret of a key once, and lets it in', async () => {
  const { create, manage, use, asAdmin } = setUp();

  const { status, json } = await create({ name: 'mine', scopes: ['read'] });
  const again = await manage(`GET /projects/orders/keys/${String(json['id'])}`, { headers: asAdmin() });
  const used = await use('GET /orders', { headers: { authorization: `Bearer ${String(json['secret'])}` } });
  const seen = await manage(`GET /projects/orders/keys/${String(json['id'])}`, { headers: asAdmin() });

  expect(status).toBe(201);
  expect(again.json).toMatchObject({ name: 'mine', scopes: ['read'], enabled: true, lastUsedAt: null });
  expect(again.text).not.toContain(String(json['secret']));
  expect(used.status).toBe(200);
  expect(seen.json['lastUsedAt']).toBe('2027-01-15T08:00:00.000Z');
});

test('answers to an Idempotency-Key as the first time, and refuses it for something else', async () => {
  const { create, world } = setUp();

  const first = await create({ name: 'mine' }, 'once');
  const second = await create({ name: 'mine' }, 'once');
  const other = await create({ name: 'other' }, 'once');

  expect(second.json).toEqual(first.json);
  expect(other.json).toMatchObject({ error: { code: 'idempotency_key_reused' } });
  expect(world.stored('orders')).toHaveLength(1);
});

test('lists page by page', async () => {
  const { create, manage, asAdmin } = setUp({ pageSize: 2 });
  for (const name of ['a', 'b', 'c']) await create({ name });

  const first = await manage('GET /projects/orders/keys', { headers: asAdmin() });
  const second = await manage(`GET /projects/orders/keys?cursor=${String(first.json['nextCursor'])}`, {
    headers: asAdmin(),
  });

  expect(first.json).toMatchObject({ keys: [{ name: 'a' }, { name: 'b' }], nextCursor: '2' });
  expect(second.json).toMatchObject({ keys: [{ name: 'c' }], nextCursor: null });
});

test('disables, enables and deletes', async () => {
  const { create, manage, use, asAdmin, world } = setUp();
  const { json } = await create({ name: 'mine' });
  const path = `/projects/orders/keys/${String(json['id'])}`;
  const call = () => use('GET /orders', { headers: { authorization: `Bearer ${String(json['secret'])}` } });

  await manage(`PATCH ${path}`, { headers: asAdmin(), json: { enabled: false } });
  const disabled = await call();
  await manage(`PATCH ${path}`, { headers: asAdmin(), json: { enabled: true } });
  const enabled = await call();
  const gone = await manage(`DELETE ${path}`, { headers: asAdmin() });
  const twice = await manage(`DELETE ${path}`, { headers: asAdmin() });

  expect([disabled.status, enabled.status, gone.status, twice.status]).toEqual([401, 200, 204, 404]);
  expect(world.stored('orders')).toEqual([]);
});

test('refuses what is wrong, and makes nothing', async () => {
  const { create, manage, world, asAdmin } = setUp({ maxKeys: 1 });

  const nameless = await create({});
  const scope = await create({ name: 'mine', scopes: ['admin'] });
  const stranger = await manage('POST /projects/orders/keys', { json: { name: 'mine' } });
  const nowhere = await manage('POST /projects/nowhere/keys', { headers: asAdmin(), json: { name: 'mine' } });
  world.hand.restrict(['read']);
  const reader = await create({ name: 'mine' });
  world.hand.restrict(['read', 'write']);
  await create({ name: 'mine' });
  const full = await create({ name: 'mine' });

  expect(nameless.json).toMatchObject({ error: { code: 'invalid_field', field: 'name' } });
  expect(scope.json).toMatchObject({ error: { code: 'unknown_scope' } });
  expect([stranger.status, nowhere.status, reader.status, full.status]).toEqual([401, 404, 403, 409]);
  expect(world.stored('orders')).toHaveLength(1);
});
