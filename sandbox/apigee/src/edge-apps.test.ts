import { expect, test } from 'vitest';
import * as z from 'zod';
import { app, appPath, companies, companyAppPath, simulatorUnderTest, type UnderTest } from './simulator-under-test.ts';
import type { SimulatorOptions } from './simulator.ts';

const edge: SimulatorOptions = { flavour: 'edge' };
const at = 1_800_000_000_000;
const anyText: unknown = expect.any(String);
const author = 'admin@example.com';

async function withCompany(options: SimulatorOptions = edge): Promise<UnderTest> {
  const underTest = await simulatorUnderTest(options);
  underTest.simulator.seed(companies);
  return underTest;
}

test.each([
  ['a developer', appPath, 'hand-made', { developerId: anyText }],
  ['a company', companyAppPath, 'of-group', { companyName: 'acme-shop' }],
])('gives the app of %s with numbers, empty lists and authors', async (_, path, consumerKey, owner) => {
  const { manage } = await withCompany();

  const { json } = await manage('GET', path);

  expect(json).toEqual({
    appId: anyText,
    appFamily: 'default',
    attributes: [{ name: 'DisplayName', value: 'Orders' }],
    callbackUrl: 'https://orders.example.com/callback',
    createdAt: at,
    createdBy: author,
    credentials: [
      {
        apiProducts: [{ apiproduct: 'orders-v1', status: 'approved' }],
        attributes: [],
        consumerKey,
        consumerSecret: 'typed-once',
        expiresAt: -1,
        issuedAt: at,
        scopes: [],
        status: 'approved',
      },
    ],
    lastModifiedAt: at,
    lastModifiedBy: author,
    name: app,
    scopes: [],
    status: 'approved',
    ...owner,
  });
});

test('gives a developer and a company', async () => {
  const { manage, simulator } = await withCompany();
  simulator.hand.setCompanyStatus('acme-shop', 'inactive');

  const developer = await manage('GET', '/developers/dev%40example.com');
  const company = await manage('GET', '/companies/acme-shop');

  expect(developer.json).toMatchObject({ email: 'dev@example.com', apps: [app], companies: [], status: 'active' });
  expect(company.json).toMatchObject({ name: 'acme-shop', apps: [app], status: 'inactive', createdAt: at });
});

test.each([
  ['developers/dev@example.com', { email: 'dev@example.com' }],
  ['companies/acme-shop', { name: 'acme-shop' }],
])('lists the apps of %s by name, or whole when expanded', async (path, owner) => {
  const { manage, simulator } = await withCompany();
  const apps = [{ name: 'b' }, { name: 'a' }];
  simulator.seed('email' in owner ? { developers: [{ ...owner, apps }] } : { companies: [{ ...owner, apps }] });

  const names = await manage('GET', `/${path}/apps`);
  const rest = await manage('GET', `/${path}/apps?count=1&startKey=b`);
  const whole = await manage('GET', `/${path}/apps?expand=true`);
  const unknown = await manage('GET', `/${path}/apps?startKey=x`);

  expect(JSON.parse(names.text)).toEqual(['a', 'b', app]);
  expect(JSON.parse(rest.text)).toEqual(['b']);
  expect(whole.json['app']).toMatchObject([{ name: 'a', credentials: [] }, { name: 'b' }, { credentials: [{}] }]);
  expect(unknown.status).toBe(400);
});

const Expanded = z.object({
  app: z.array(z.object({ appId: z.string(), credentials: z.array(z.unknown()).optional() })),
});

test('pages through the apps of the organization, each start key coming twice', async () => {
  const { manage, simulator } = await withCompany();
  const many = Array.from({ length: 118 }, (_, n) => ({ name: `m${n}` }));
  simulator.seed({ developers: [{ email: 'many@example.com', apps: many }] });
  const page = async (query: string) => Expanded.parse((await manage('GET', `/apps?expand=true${query}`)).json).app;

  const first = await page('&includeCred=true&rows=1000');
  const second = await page(`&startKey=${first.at(-1)?.appId ?? ''}`);

  expect([first.length, second.length]).toEqual([100, 22]);
  expect(second[0]?.appId).toBe(first.at(-1)?.appId);
  expect(first.every(({ credentials }) => credentials !== undefined)).toBe(true);
  expect(second.some(({ credentials }) => credentials !== undefined)).toBe(false);
});

test('gives an app by its id, whoever has it', async () => {
  const { manage, simulator } = await withCompany();
  const { appId } = simulator.app({ company: 'acme-shop', app });

  expect(await manage('GET', `/apps/${appId}`)).toMatchObject({
    status: 200,
    json: { companyName: 'acme-shop', credentials: [{ consumerKey: 'of-group' }] },
  });
});

test.each([
  ['POST', appPath, { developer: 'dev@example.com' }],
  ['PUT', appPath, { developer: 'dev@example.com' }],
  ['POST', companyAppPath, { company: 'acme-shop' }],
  ['PUT', companyAppPath, { company: 'acme-shop' }],
] as const)('%s %s with products mints a short key and wipes what was left out', async (method, path, owner) => {
  const { manage, simulator } = await withCompany();

  const answer = await manage(method, path, { json: { apiProducts: ['orders-v1', 'payments-v1'] } });

  expect(answer).toMatchObject({ status: 200, json: { attributes: [], callbackUrl: '', credentials: [{}, {}] } });
  const minted = simulator.keys({ ...owner, app })[1];
  expect(minted).toMatchObject({
    expiresAt: null,
    products: [
      { name: 'orders-v1', status: 'approved' },
      { name: 'payments-v1', status: 'pending' },
    ],
  });
  expect(minted?.consumerKey).toMatch(/^[\w-]{32}$/u);
});

test('POST on the app of a company may be an approval alone', async () => {
  const { act, manage, simulator } = await withCompany({ flavour: 'edge', unsettled: { companyPostMints: false } });
  const json = { apiProducts: ['orders-v1'] };

  const statuses = [await manage('POST', companyAppPath, { json }), await manage('PUT', companyAppPath, { json })];

  expect(statuses.map(({ status }) => status)).toEqual([400, 200]);
  expect(simulator.keys({ company: 'acme-shop', app })).toHaveLength(2);
  expect((await act(companyAppPath, 'revoke')).status).toBe(204);
});

test('what the request repeats stays', async () => {
  const { manage, simulator } = await simulatorUnderTest(edge);
  const { attributes, callbackUrl } = simulator.app(app);

  await manage('PUT', appPath, { json: { name: app, attributes, callbackUrl, apiProducts: ['orders-v1'] } });

  expect(simulator.app(app)).toMatchObject({ attributes, callbackUrl });
  expect(simulator.requests()).toMatchObject([{ fits: true }]);
});

test.each([60_000, '60000'])('keyExpiresIn %j is in milliseconds', async (keyExpiresIn) => {
  const { manage, simulator } = await simulatorUnderTest(edge);

  await manage('POST', appPath, { json: { apiProducts: ['orders-v1'], keyExpiresIn } });

  expect(simulator.keys(app)[1]).toMatchObject({ expiresAt: at + 60_000 });
});

test('PUT without products makes no key', async () => {
  const { manage, simulator } = await simulatorUnderTest(edge);

  expect(await manage('PUT', appPath, { json: { callbackUrl: 'https://b.example' } })).toMatchObject({ status: 200 });
  expect(simulator.keys(app)).toHaveLength(1);
  expect(simulator.app(app)).toMatchObject({ attributes: [], callbackUrl: 'https://b.example' });
});

test.each([
  ['x', undefined, 200, 2],
  ['edge', undefined, 200, 2],
  ['opdk', undefined, 200, 1],
  ['opdk', 'key', 200, 2],
  ['edge', 'no-key', 200, 1],
  ['edge', 'refused', 400, 1],
] as const)('on %s with %s, POST without products answers %i and leaves %i keys', async (...given) => {
  const [flavour, productlessMint, status, keys] = given;
  const unsettled = productlessMint === undefined ? {} : { productlessMint };
  const { manage, simulator } = await simulatorUnderTest({ flavour, unsettled });

  const answer = await manage('POST', appPath, { json: { apiProducts: [] } });

  expect(answer.status).toBe(status);
  expect(simulator.keys(app)).toHaveLength(keys);
  expect(simulator.app(app).attributes).toHaveLength(status === 400 ? 1 : 0);
});

test('a wrong product or attribute of a mint changes nothing', async () => {
  const { manage, simulator } = await simulatorUnderTest(edge);
  const apiProducts = ['orders-v1'];

  const product = await manage('POST', appPath, { json: { apiProducts: ['nowhere'] } });
  const attribute = await manage('PUT', appPath, { json: { apiProducts, attributes: [{ value: 'x' }] } });

  expect(product).toMatchObject({ status: 404, json: { code: 'keymanagement.service.apiproduct_doesnot_exist' } });
  expect(attribute.status).toBe(400);
  expect(simulator.keys(app)).toHaveLength(1);
  expect(simulator.app(app).attributes).toHaveLength(1);
});

test.each([
  [appPath, { developer: 'dev@example.com' }],
  [companyAppPath, { company: 'acme-shop' }],
])('revokes and approves %s', async (path, owner) => {
  const { act, simulator } = await withCompany();

  expect(await act(path, 'revoke')).toMatchObject({ status: 204, text: '' });
  expect(simulator.app({ ...owner, app })).toMatchObject({ status: 'revoked', owner });

  await act(path, 'approve');
  expect(simulator.app({ ...owner, app })).toMatchObject({ status: 'approved' });
  expect(simulator.keys({ ...owner, app })).toHaveLength(1);
});
