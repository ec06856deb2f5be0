import { expect, test } from 'vitest';
import { app, appPath, simulatorUnderTest, violationOf } from './simulator-under-test.ts';

const chosen = { consumerKey: 'new-key_1', consumerSecret: 'new-secret_1' };

test.each(['keys/create', 'keys'])(
  'creates the key that the caller chose at %s, approved and without products',
  async (path) => {
    const { simulator, manage } = await simulatorUnderTest();

    const answer = await manage('POST', `${appPath}/${path}`, {
      json: { ...chosen, apiProducts: ['orders-v1'], status: 'revoked' },
    });

    expect(answer).toMatchObject({ status: 200, json: { ...chosen, status: 'approved', issuedAt: '1800000000000' } });
    expect(answer.json).not.toHaveProperty('apiProducts');
    expect(answer.json).not.toHaveProperty('expiresAt');
    expect(simulator.keys(app)[1]).toMatchObject({ consumerKey: 'new-key_1', status: 'approved', products: [] });
  },
);

test('drops the attributes and scopes of a creation, unless told that Apigee keeps them', async () => {
  const dropping = await simulatorUnderTest();
  const keeping = await simulatorUnderTest({ unsettled: { createKeepsAttributes: true } });
  const json = { ...chosen, attributes: [{ name: 'keyturn', value: 'm' }], scopes: ['READ'] };

  await dropping.manage('POST', `${appPath}/keys/create`, { json });
  await keeping.manage('POST', `${appPath}/keys/create`, { json });

  expect(dropping.simulator.keys(app)[1]).toMatchObject({ attributes: [], scopes: [] });
  expect(keeping.simulator.keys(app)[1]).toMatchObject({ attributes: json.attributes, scopes: ['READ'] });
});

test('a key id is unique in the organization, whoever has it', async () => {
  const { manage } = await simulatorUnderTest();
  const elsewhere = '/developers/other@example.com/apps/invoices-client/keys/create';

  const again = await manage('POST', `${appPath}/keys/create`, { json: { ...chosen, consumerKey: 'hand-made' } });
  const other = await manage('POST', elsewhere, { json: { ...chosen, consumerKey: 'hand-made' } });

  for (const answer of [again, other]) {
    expect(answer).toMatchObject({ status: 409, json: { error: { code: 409, status: 'ABORTED' } } });
    expect(violationOf(answer)).toBe('keymanagement.service.ConsumerKeyAlreadyExists');
  }
});

test('a deleted key frees its id', async () => {
  const { manage, simulator } = await simulatorUnderTest();

  const gone = await manage('DELETE', `${appPath}/keys/hand-made`);
  const back = await manage('POST', `${appPath}/keys/create`, { json: { ...chosen, consumerKey: 'hand-made' } });

  expect(gone).toMatchObject({ status: 200, json: { consumerKey: 'hand-made', consumerSecret: 'typed-once' } });
  expect(back.status).toBe(200);
  expect(simulator.keys(app)).toHaveLength(1);
});

test.each([
  ['a space', { consumerKey: 'new key' }],
  ['a slash', { consumerSecret: 'a/b' }],
  ['no secret', { consumerSecret: undefined }],
  ['too long an id', { consumerKey: 'k'.repeat(256) }],
  ['too long a secret', { consumerSecret: 's'.repeat(2049) }],
])('refuses a credential with %s', async (_, wrong) => {
  const { manage, simulator } = await simulatorUnderTest();

  const answer = await manage('POST', `${appPath}/keys/create`, { json: { ...chosen, ...wrong } });

  expect(answer).toMatchObject({ status: 400, json: { error: { status: 'INVALID_ARGUMENT' } } });
  expect(simulator.keys(app)).toHaveLength(1);
});

test('refuses the eleventh key of an app', async () => {
  const { manage, simulator } = await simulatorUnderTest();
  for (let n = 2; n <= 10; n += 1) {
    await manage('POST', `${appPath}/keys/create`, { json: { ...chosen, consumerKey: `key-${n}` } });
  }

  const eleventh = await manage('POST', `${appPath}/keys/create`, { json: chosen });

  expect(eleventh).toMatchObject({ status: 400, json: { error: { status: 'FAILED_PRECONDITION' } } });
  expect(simulator.keys(app)).toHaveLength(10);
});

test.each([
  ['60', '1800000060000'],
  ['-1', '-1'],
])('a key with expiresInSeconds %s expires at %s', async (expiresInSeconds, expiresAt) => {
  const { manage } = await simulatorUnderTest();

  await manage('POST', `${appPath}/keys/create`, { json: { ...chosen, expiresInSeconds } });
  const key = await manage('GET', `${appPath}/keys/new-key_1`);

  expect(key.json).toMatchObject({ expiresAt });
});

test('POST on a key adds products to those it has, pending where approval is manual, and replaces its attributes', async () => {
  const { manage, simulator } = await simulatorUnderTest();
  const mark = { name: 'keyturn', value: 'mark' };
  await manage('POST', `${appPath}/keys/hand-made`, { json: { attributes: [{ name: 'team', value: 'a' }] } });

  const answer = await manage('POST', `${appPath}/keys/hand-made`, {
    json: { apiProducts: ['payments-v1', 'orders-v1'], attributes: [mark] },
  });

  expect(answer.json).toMatchObject({
    apiProducts: [
      { apiproduct: 'orders-v1', status: 'approved' },
      { apiproduct: 'payments-v1', status: 'pending' },
    ],
    attributes: [mark],
    expiresAt: '-1',
  });
  await manage('POST', `${appPath}/keys/hand-made`, { json: { apiProducts: ['invoices-v1'] } });
  expect(simulator.keys(app)[0]).toMatchObject({ attributes: [], products: [{}, {}, { name: 'invoices-v1' }] });
});

test.each([404, 400] as const)(
  'a product that does not exist is refused with %i and nothing of the request happens',
  async (status) => {
    const { manage, simulator } = await simulatorUnderTest({ unsettled: { unknownProductStatus: status } });

    const answer = await manage('POST', `${appPath}/keys/hand-made`, {
      json: { apiProducts: ['invoices-v1', 'nowhere'], attributes: [{ name: 'a', value: 'b' }] },
    });

    expect(answer.status).toBe(status);
    expect(violationOf(answer)).toBe('keymanagement.service.apiproduct_doesnot_exist');
    expect(simulator.keys(app)[0]).toMatchObject({ attributes: [], products: [{ name: 'orders-v1' }] });
  },
);

test('PUT on a key replaces its scopes, out of those that its products define', async () => {
  const { manage, simulator } = await simulatorUnderTest();

  await manage('PUT', `${appPath}/keys/hand-made`, { json: { scopes: ['READ', 'WRITE'] } });
  const less = await manage('PUT', `${appPath}/keys/hand-made`, { json: { scopes: ['READ'] } });
  const undefinedScope = await manage('PUT', `${appPath}/keys/hand-made`, { json: { scopes: ['ADMIN'] } });

  expect(less).toMatchObject({ status: 200, json: { scopes: ['READ'] } });
  expect(undefinedScope.status).toBe(400);
  expect(simulator.keys(app)[0]).toMatchObject({ scopes: ['READ'] });
});

test('revokes and approves a key, as often as asked', async () => {
  const { act, simulator } = await simulatorUnderTest();

  for (const [action, status] of [
    ['revoke', 'revoked'],
    ['revoke', 'revoked'],
    ['approve', 'approved'],
  ] as const) {
    expect(await act(`${appPath}/keys/hand-made`, action)).toMatchObject({ status: 204, text: '' });
    expect(simulator.keys(app)[0]).toMatchObject({ status });
  }
});

test('answers a revocation with the key where told that Apigee does', async () => {
  const { act } = await simulatorUnderTest({ unsettled: { keyActionStatus: 200 } });

  const answer = await act(`${appPath}/keys/hand-made`, 'revoke');

  expect(answer).toMatchObject({ status: 200, json: { consumerKey: 'hand-made', status: 'revoked' } });
});

test.each([
  ['as JSON', { headers: { 'content-type': 'application/json' } }, 415],
  ['without a type', {}, 415],
  ['with a body', { headers: { 'content-type': 'application/octet-stream' }, body: '{}' }, 400],
])('refuses a revocation that is sent %s', async (_, sent, status) => {
  const { manage, simulator } = await simulatorUnderTest();

  const answer = await manage('POST', `${appPath}/keys/hand-made?action=revoke`, sent);

  expect(answer.status).toBe(status);
  expect(simulator.keys(app)[0]).toMatchObject({ status: 'approved' });
});

test('refuses an action other than approve and revoke', async () => {
  const { act } = await simulatorUnderTest();

  expect(await act(`${appPath}/keys/hand-made`, 'approved')).toMatchObject({ status: 400 });
});

test('approves, revokes and removes one product of a key', async () => {
  const { act, manage, simulator } = await simulatorUnderTest();
  const product = `${appPath}/keys/hand-made/apiproducts/payments-v1`;
  await manage('POST', `${appPath}/keys/hand-made`, { json: { apiProducts: ['payments-v1'] } });

  const approved = await act(product, 'approve');
  expect(approved).toMatchObject({ status: 200, text: '{}' });
  expect(simulator.keys(app)[0]).toMatchObject({ products: [{}, { name: 'payments-v1', status: 'approved' }] });

  await act(product, 'revoke');
  expect(simulator.keys(app)[0]).toMatchObject({ products: [{}, { status: 'revoked' }] });

  const removed = await manage('DELETE', product);
  expect(removed).toMatchObject({ status: 200, json: { consumerKey: 'hand-made' } });
  expect(simulator.keys(app)[0]!.products).toHaveLength(1);
  expect((await manage('DELETE', product)).status).toBe(400);
  expect((await act(product, 'approve')).status).toBe(400);
});

test.each([
  ['/developers/nobody@example.com/apps/x', 'developer.service.DeveloperIdDoesNotExist'],
  ['/developers/dev@example.com/apps/x', 'developer.service.AppDoesNotExist'],
  [`${appPath}/keys/x`, 'keymanagement.service.InvalidClientIdForGivenApp'],
  [
    '/developers/other@example.com/apps/invoices-client/keys/hand-made',
    'keymanagement.service.InvalidClientIdForGivenApp',
  ],
])('%s is not there, and the violation says what', async (path, type) => {
  const { manage } = await simulatorUnderTest();

  const answer = await manage('GET', path);

  expect(answer).toMatchObject({ status: 404, json: { error: { code: 404, status: 'NOT_FOUND' } } });
  expect(violationOf(answer)).toBe(type);
});
