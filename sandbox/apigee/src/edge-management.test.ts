import { expect, test } from 'vitest';
import { edgeOperations } from './edge-description.ts';
import { edgeDialect } from './edge-dialect.ts';
import { app, appPath, companies, companyAppPath, send, simulatorUnderTest } from './simulator-under-test.ts';
import type { SimulatorOptions } from './simulator.ts';

const edge: SimulatorOptions = { flavour: 'edge' };
const url = (base: string, organization = 'acme') => `${base}/organizations/${organization}${appPath}`;
const anyText: unknown = expect.any(String);

test.each(['edge', 'opdk'] as const)('%s tells its flavour', async (flavour) => {
  const { simulator } = await simulatorUnderTest({ flavour });

  expect(simulator.flavour).toBe(flavour);
});

test('a wrong login is a 403, also for another organization', async () => {
  const { simulator } = await simulatorUnderTest(edge);
  const authorization = `Bearer ${simulator.accessToken()}`;

  const unknown = await send(url(simulator.managementUrl), { headers: { authorization: 'Bearer unknown' } });
  const elsewhere = await send(url(simulator.managementUrl, 'other'), { headers: { authorization } });

  for (const answer of [unknown, elsewhere]) {
    expect(answer).toMatchObject({ status: 403, json: { code: anyText, message: anyText, contexts: [] } });
  }
});

test.each([
  ['json', /^\{"code"/u, 'application/json'],
  ['empty', /^$/u, undefined],
  ['html', /^<html>/u, 'text/html'],
] as const)('the body of 401 and 403 may be %s', async (refusalBody, text, type) => {
  const { simulator, manage } = await simulatorUnderTest({ ...edge, unsettled: { refusalBody }, analytics: 'refused' });

  const wrongLogin = await send(url(simulator.managementUrl));
  const noPermission = await manage('GET', '/environments/prod/stats/client_id');
  const notFound = await manage('GET', '/developers/nobody@example.com');

  expect([wrongLogin.status, noPermission.status]).toEqual([403, 401]);
  for (const answer of [wrongLogin, noPermission]) {
    expect(answer.text).toMatch(text);
    expect(String(answer.headers['content-type']).split(';')[0]).toBe(String(type));
  }
  expect(notFound.json).toMatchObject({ contexts: [] });
});

test.each([
  ['GET', '/appgroups/acme-shop/apps', 404],
  ['GET', `${appPath}/keys`, 404],
  ['POST', `${appPath}/keys`, 404],
  ['PATCH', appPath, 405],
  ['GET', '/elsewhere', 404],
])('%s %s is no call of Edge', async (method, path, status) => {
  const { manage } = await simulatorUnderTest(edge);

  const answer = await manage(method, path);

  expect(answer.status).toBe(status);
  expect(answer.text).toContain('<html>');
});

test('takes the short names of organizations and environments', async () => {
  const { simulator } = await simulatorUnderTest(edge);
  const headers = { authorization: `Bearer ${simulator.accessToken()}` };
  const range = 'timeRange=01/01/2027%2000:00~01/02/2027%2000:00';

  const short = await send(`${simulator.managementUrl}/o/acme${appPath}`, { headers });
  const stats = await send(
    `${simulator.managementUrl}/o/acme/e/prod/stats/client_id?select=sum(message_count)&${range}`,
    { headers },
  );

  expect([short.status, stats.status]).toEqual([200, 200]);
});

test.each([
  ['/developers/nobody@example.com/apps/x', 'developer.service.DeveloperIdDoesNotExist'],
  ['/developers/dev@example.com/apps/x', 'developer.service.AppDoesNotExist'],
  ['/companies/nobody/apps/x', 'developer.service.CompanyDoesNotExist'],
  ['/companies/acme-shop/apps/x', 'developer.service.AppDoesNotExist'],
  [`${appPath}/keys/x`, 'keymanagement.service.InvalidClientIdForGivenApp'],
  [`${companyAppPath}/keys/hand-made`, 'keymanagement.service.InvalidClientIdForGivenApp'],
  ['/apps/x', 'developer.service.AppDoesNotExist'],
])('%s is not there, and the code says what', async (path, code) => {
  const { manage, simulator } = await simulatorUnderTest(edge);
  simulator.seed(companies);

  const answer = await manage('GET', path);

  expect(answer).toMatchObject({ status: 404, json: { code, contexts: [] } });
  expect(Object.keys(answer.json).sort()).toEqual(['code', 'contexts', 'message']);
});

test('another owner kind than those of Edge cannot be seeded', async () => {
  const { simulator } = await simulatorUnderTest(edge);

  expect(() => {
    simulator.seed({ appGroups: [{ name: 'g' }] });
  }).toThrow('knows no appGroup');
});

test.each([
  ['a form', 'application/x-www-form-urlencoded', 'a=b', 415],
  ['JSON without its type', 'text/plain', '{}', 415],
  ['broken JSON', 'application/json', '{"a":', 400],
  ['a text for a list', 'application/json', '{"apiProducts":"orders-v1"}', 400],
  ['a number for a text', 'application/json', '{"attributes":[{"name":1}]}', 400],
])('refuses %s', async (_, type, body, status) => {
  const { manage, simulator } = await simulatorUnderTest(edge);

  const answer = await manage('POST', `${appPath}/keys/hand-made`, { headers: { 'content-type': type }, body });

  expect(answer).toMatchObject({ status, json: { contexts: [] } });
  expect(simulator.requests().at(-1)).toMatchObject({ fits: false });
});

test.each([
  ['as JSON', { headers: { 'content-type': 'application/json' } }, 415],
  ['without a type', {}, 415],
  ['with a body', { headers: { 'content-type': 'application/octet-stream' }, body: '{}' }, 400],
])('refuses a revocation that is sent %s', async (_, sent, status) => {
  const { manage, simulator } = await simulatorUnderTest(edge);

  const answer = await manage('POST', `${appPath}/keys/hand-made?action=revoke`, sent);

  expect(answer.status).toBe(status);
  expect(simulator.keys(app)[0]).toMatchObject({ status: 'approved' });
});

test('passes over what it does not know in query and body, and the log says that it did not fit', async () => {
  const { manage, simulator } = await simulatorUnderTest(edge);

  const filtered = await manage('GET', '/apps?filter=consumerKey%3Dhand-made');
  await manage('POST', `${appPath}/keys/hand-made`, { json: { apiProducts: ['invoices-v1'], colour: 'blue' } });
  await manage('POST', `${appPath}/keys/hand-made?colour=blue`, { json: { apiProducts: ['orders-v1'] } });
  await manage('POST', `${appPath}/keys/hand-made`, { json: { apiProducts: ['orders-v1'] } });

  expect(JSON.parse(filtered.text)).toHaveLength(2);
  expect(simulator.keys(app)[0]).toMatchObject({ products: [{}, { name: 'invoices-v1' }] });
  expect(simulator.requests()).toMatchObject([
    { operation: 'edge.apps.list', fits: false },
    { operation: 'edge.developers.apps.keys.update', fits: false },
    { operation: 'edge.developers.apps.keys.update', fits: false },
    { operation: 'edge.developers.apps.keys.update', fits: true },
  ]);
});

test('every described operation is answered, by developers and companies alike', async () => {
  const { manage, simulator } = await simulatorUnderTest(edge);

  for (const { method, segments } of edgeOperations) {
    await manage(method, `/${segments.slice(3).join('/').replaceAll(/[{}]/gu, '')}`);
  }

  const operations = simulator.requests().map(({ operation }) => operation);
  expect(operations).toEqual(edgeOperations.map(({ id }) => id));
  expect(operations.filter((id) => id?.includes('companies'))).toHaveLength(12);
});

test('a right login without the permission is a 401', () => {
  const { refuse } = edgeDialect({});
  const acme = { sent: 'acme', known: 'acme' };

  expect(refuse('no-permission', acme)).toMatchObject({ status: 401 });
  expect(refuse('full', acme)).toBeUndefined();
});
