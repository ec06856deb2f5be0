import { expect, test } from 'vitest';

import { organization } from './datadog-dialect.ts';
import { worldUnderTest } from './world-under-test.ts';

function setUp(options: { readonly maxKeys?: number } = {}) {
  const under = worldUnderTest({ dialect: 'datadog', ...options });
  const headers = () => {
    const { apiKey = '', applicationKey = '' } = under.world.admin();
    return { 'dd-api-key': apiKey, 'dd-application-key': applicationKey };
  };
  return {
    ...under,
    headers,
    create: (name: string) =>
      under.manage('POST /api/v2/api_keys', {
        headers: headers(),
        json: { data: { type: 'api_keys', attributes: { name } } },
      }),
  };
}
const keyOf = ({ json }: { readonly json: Readonly<Record<string, unknown>> }) =>
  json['data'] as { id: string; attributes: { key: string; name: string } };

test('makes a key that can be read again, is validated, renamed and deleted', async () => {
  const { create, manage, headers } = setUp();

  const made = await create('mine');
  const { id, attributes } = keyOf(made);
  const read = await manage(`GET /api/v2/api_keys/${id}`, { headers: headers() });
  const valid = await manage('GET /api/v1/validate', { headers: { 'dd-api-key': attributes.key } });
  const json = { data: { type: 'api_keys', id, attributes: { name: 'yours' } } };
  const renamed = await manage(`PATCH /api/v2/api_keys/${id}`, { headers: headers(), json });
  const gone = await manage(`DELETE /api/v2/api_keys/${id}`, { headers: headers() });
  const invalid = await manage('GET /api/v1/validate', { headers: { 'dd-api-key': attributes.key } });

  expect(made.status).toBe(201);
  expect(attributes.key).toMatch(/^[0-9a-f]{32}$/u);
  expect(keyOf(read).attributes).toMatchObject({ key: attributes.key, name: 'mine' });
  expect(valid.json).toEqual({ valid: true });
  expect(keyOf(renamed).attributes.name).toBe('yours');
  expect([gone.status, invalid.status]).toEqual([204, 403]);
});

test('lists the last four characters of each key, its own included, as filtered and paged', async () => {
  const { create, manage, headers, world } = setUp();
  for (const name of ['orders 1', 'orders 2', 'billing']) await create(name);

  const query = new URLSearchParams({ 'page[size]': '1', 'page[number]': '1', filter: 'orders' }).toString();
  const { json, text } = await manage(`GET /api/v2/api_keys?${query}`, { headers: headers() });

  expect(json).toMatchObject({
    data: [{ attributes: { name: 'orders 2' } }],
    meta: { page: { total_filtered_count: 2 } },
  });
  for (const { secret } of world.stored(organization)) expect(text).not.toContain(secret);
  expect(world.stored(organization)).toHaveLength(4);
});

test('needs both keys, the right, a name of its own and room', async () => {
  const { create, manage, headers, world } = setUp({ maxKeys: 2 });

  const { 'dd-api-key': apiKey } = headers();
  const half = await manage('GET /api/v2/api_keys', { headers: { 'dd-api-key': apiKey } });
  world.hand.restrict(['read']);
  const reader = await create('mine');
  world.hand.restrict(['read', 'write', 'delete']);
  const first = await create('mine');
  const twice = await create('mine');
  const full = await create('other');
  const nowhere = await manage('DELETE /api/v2/api_keys/nothing', { headers: headers() });

  expect([half.status, reader.status, first.status]).toEqual([403, 403, 201]);
  expect([twice.json, full.json, nowhere.json]).toEqual([
    { errors: ['An API key of this name exists'] },
    { errors: ['API key limit reached'] },
    { errors: ['API Key not found'] },
  ]);
});
