import { inspect } from 'node:util';

import { token as tokenSchema } from '@keyturn/config/token-config';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test } from 'vitest';

import { signInBy } from './sign-in.ts';
import { keysDescription, simulatedApi } from './simulated-api.conformance.ts';
import { tokenProvider } from './token-provider.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const mark = formatMark(markOf(arn, 'v1', 'test'));
const wish = { target: 'orders', mark, like: undefined, entitlements: ['read'] };

async function simulated(options: Parameters<typeof simulatedApi>[0] = {}) {
  const one = await simulatedApi(options);
  onTestFinished(() => one.close());
  return one;
}

/** An API that answers as told, and an adapter to it whose master secrets may change. */
async function answering(reply: (request: Received, earlier: number) => Reply, describe: Record<string, unknown> = {}) {
  const server = await loopbackServer(reply);
  onTestFinished(() => server.close());
  const masters: Record<string, string> = { 'token/master': '{"token":"master-canary-1"}' };
  const config = tokenSchema.parse({
    kind: 'token',
    adminSecret: 'token/master',
    allowHttp: ['127.0.0.1'],
    ...keysDescription,
    urls: { api: server.url, gateway: server.url },
    ...describe,
  });
  let now = 1_800_000_000_000;
  const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  const common = { clock, random: () => 0.5, timeoutMs: 1000 };
  const read: string[] = [];
  const secrets = {
    value: async (name: string) => {
      read.push(name);
      return { versionId: 'v', createdAt: 0, text: hidden(masters[name] ?? ''), binary: false };
    },
  };
  const signIn = signInBy({ config, duty: 'issue', secrets, http: { ...common, allowHttp: config.allowHttp } });
  const provider = tokenProvider({ ...common, config, signIn, randomBytes: (size) => Buffer.alloc(size, 7) });
  return { provider, masters, read, received: server.received, clock };
}

async function failure(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => expect.fail('The call should have failed'),
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error('No error');
}

const printed = (error: Error) =>
  [inspect(error, { depth: Infinity, showHidden: true, getters: true }), JSON.stringify(error), error.stack].join('\n');

test('a master without rights is access-denied, and names the secret to mend', async () => {
  const { api, provider } = await simulated();
  api.hand.restrict(['read']);

  expect(await failure(provider.propose(wish))).toMatchObject({ reason: 'access-denied', field: 'adminSecret' });
  expect(api.stored('orders')).toEqual([]);
});

test('a master that was changed is read again after one refusal, and the request goes on', async () => {
  const { api, provider } = await simulated();
  await provider.list({ target: 'orders' });

  api.hand.changeAdmin();
  const made = await provider.propose(wish);

  expect(api.stored('orders').map(({ keyId }) => keyId)).toEqual([made.keyId.reveal()]);
});

test('a master that is refused is asked for once more and no further', async () => {
  const { provider, received, read } = await answering(() => ({ status: 401, body: '{}' }));

  const error = await failure(provider.list({ target: 'orders' }));

  expect(error).toMatchObject({ reason: 'access-denied', field: 'adminSecret' });
  expect(received).toHaveLength(1);
  expect(read).toHaveLength(2);
});

test('an error in an answer with 200 is a failure where the description says so', async () => {
  const failsWhen = [{ at: '/error', means: 'refused' }];
  const { provider } = await answering(() => ({ status: 200, body: '{"error":"no","keys":[]}' }), {
    requests: { ...keysDescription.requests, list: { ...keysDescription.requests.list, failsWhen } },
  });

  expect(await failure(provider.list({ target: 'orders' }))).toMatchObject({ reason: 'provider-refused' });
});

test.each([
  ['HTML', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>wait</html>' }],
  ['another form', { status: 200, body: '{"keys":"none"}' }],
  ['a key without an id', { status: 200, body: '{"keys":[{"name":"x"}]}' }],
  ['far too much', { status: 200, body: Buffer.alloc(6_000_000, 32) }],
] as const)('%s instead of a list is provider-answer', async (_, reply) => {
  const { provider } = await answering(() => reply);

  expect(await failure(provider.list({ target: 'orders' }))).toMatchObject({ reason: 'provider-answer' });
});

test('a redirect is not followed, wherever it leads', async () => {
  const other = await loopbackServer(() => ({ status: 200, body: '{"keys":[]}' }));
  onTestFinished(() => other.close());
  const { provider } = await answering(() => ({ status: 302, headers: { location: `${other.url}/keys` } }));

  expect(await failure(provider.list({ target: 'orders' }))).toMatchObject({ reason: 'provider-answer' });
  expect(other.received).toEqual([]);
});

test('the next page is asked for at the configured host, whatever the header Link says', async () => {
  const list = { path: '/keys', paging: { as: 'link', query: 'after' } };
  const { provider, received } = await answering(
    (_, earlier) => ({
      status: 200,
      body: '[]',
      headers: earlier === 0 ? { link: '<https://evil.example/keys?after=x%26y>; rel="next"' } : {},
    }),
    { requests: { ...keysDescription.requests, list } },
  );

  await provider.list({ target: 'orders' });

  expect(received.map(({ url }) => url)).toEqual(['/keys', '/keys?after=x%26y']);
});

test('a list that goes in circles ends', async () => {
  const { provider, received } = await answering(() => ({ status: 200, body: '{"keys":[],"nextCursor":"same"}' }));

  expect(await failure(provider.list({ target: 'orders' }))).toMatchObject({ reason: 'provider-answer' });
  expect(received.length).toBeLessThanOrEqual(100);
});

test('a create whose answer is lost is sent once; the next attempt lists, deletes the leftover and makes another', async () => {
  const { api, provider } = await simulated();
  api.faults.loseAnswer(1);
  const error = await failure(provider.propose(wish));
  api.faults.calm();
  const [leftover] = api.stored('orders');

  const made = await provider.propose(wish);

  expect(error).not.toBeInstanceOf(PermanentError);
  expect(api.requests().filter(({ method }) => method === 'POST')).toHaveLength(2);
  expect(leftover?.keyId).not.toBe(made.keyId.reveal());
  expect(api.stored('orders').map(({ keyId }) => keyId)).toEqual([made.keyId.reveal()]);
});

test('an API that knows an Idempotency-Key tells the first answer again, and nothing is deleted', async () => {
  const create = { ...keysDescription.requests.create, headers: { 'idempotency-key': '{idempotencyKey}' } };
  const describe = { ...keysDescription, requests: { ...keysDescription.requests, create } };
  const { api, provider, clock } = await simulated({ describe });
  // More often than one call is repeated by itself.
  api.faults.loseAnswer(1);
  await provider.propose(wish);
  api.faults.calm();
  const before = api.stored('orders');
  await clock.sleep(1000);

  const again = await provider.propose(wish);

  expect(before).toHaveLength(1);
  expect(again.keyId.reveal()).toBe(before[0]?.keyId);
  expect(again.secret.reveal()).toBe(before[0]?.secret);
  expect(api.requests().some(({ method }) => method === 'DELETE')).toBe(false);
});

test('a target picks one of the masters that the configuration lists, and no other', async () => {
  const { provider, masters, received } = await answering(() => ({ status: 200, body: '{"keys":[]}' }), {
    masters: ['token/eu', 'token/us'],
  });
  masters['token/eu'] = '{"token":"master-canary-eu"}';
  masters['token/evil'] = '{"token":"master-canary-evil"}';

  await provider.list({ target: 'orders@token/eu' });
  const refused = await failure(provider.list({ target: 'orders@token/evil' }));

  expect(received.map(({ headers, url }) => [url.split('?')[0], headers.authorization])).toEqual([
    ['/projects/orders/keys', 'Bearer master-canary-eu'],
  ]);
  expect(refused).toMatchObject({ reason: 'misconfigured', field: 'target' });
});

test('no error shows master, key or secret, however it is printed', async () => {
  const replies: readonly Reply[] = [
    { status: 401, body: '{"message":"Bearer master-canary-1"}' },
    { status: 403, body: '{"message":"master-canary-1"}' },
    { status: 400, body: 'master-canary-1 secret-canary' },
    { status: 500, body: 'master-canary-1' },
    { status: 302, headers: { location: '/?token=master-canary-1' } },
    { status: 200, body: 'secret-canary' },
    { status: 200, body: '{"keys":[{"secret":"secret-canary"}]}' },
    'reset',
  ];
  for (const reply of replies) {
    const { provider } = await answering(() => reply);
    expect(printed(await failure(provider.list({ target: 'orders' })))).not.toMatch(/canary/);
    expect(printed(await failure(provider.propose(wish)))).not.toMatch(/canary/);
  }
});

test.each(['orders/../billing', '..', '.', 'orders%2f..', 'orders?x=1', 'orders#x', '//evil.example', 'a\\b'])(
  'a target that could leave its segment is sent as one segment or refused: %s',
  async (target) => {
    const { provider, received } = await answering(() => ({ status: 200, body: '{"keys":[]}' }), {
      targets: { form: '.*' },
    });

    const said = await provider.list({ target }).then(
      () => received[0]?.url,
      (error: unknown) => (error instanceof PermanentError ? error.reason : error),
    );

    expect(['misconfigured', `/projects/${encodeURIComponent(target)}/keys?limit=3`]).toContain(said);
    expect(received.every(({ url }) => url === said)).toBe(true);
  },
);

test('a master secret that lacks a field is misconfigured, and names secret and field', async () => {
  const { provider, masters, received } = await answering(() => 'reset');
  masters['token/master'] = '{"apiToken":"master-canary-1"}';

  const error = await failure(provider.list({ target: 'orders' }));

  expect(error).toMatchObject({ reason: 'misconfigured', field: 'token' });
  expect(error.message).toContain('token/master');
  expect(printed(error)).not.toMatch(/canary/);
  expect(received).toEqual([]);
});
