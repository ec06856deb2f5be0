import { expect, test } from 'vitest';
import { app, appPath, send, simulatorUnderTest } from './simulator-under-test.ts';
import type { Fault } from './simulator.ts';

const key = `${appPath}/keys/hand-made`;
const fault = (more: Partial<Fault> & Pick<Fault, 'answer'>): Fault => ({ surface: 'management', ...more });

test.each([
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [409, 'ABORTED'],
  [429, 'RESOURCE_EXHAUSTED'],
  [500, 'INTERNAL'],
  [503, 'UNAVAILABLE'],
])(
  'the next request is answered %i in the words of the management API, the one after it truly',
  async (status, word) => {
    const { manage, simulator } = await simulatorUnderTest();

    const injected = simulator.inject(fault({ answer: { kind: 'status', status, retryAfterSeconds: 7 } }));
    const hit = await manage('DELETE', key);

    expect(hit).toMatchObject({
      status,
      headers: { 'retry-after': '7' },
      json: { error: { code: status, status: word } },
    });
    expect(injected.hits()).toBe(1);
    expect(simulator.keys(app)).toHaveLength(1);
    expect(await manage('GET', key)).toMatchObject({ status: 200 });
    expect(simulator.requests()).toMatchObject([{ fault: injected.id, status }, { status: 200 }]);
  },
);

test('a fault takes only the requests that match, skips as many as told and ends after its times', async () => {
  const { manage, simulator } = await simulatorUnderTest();
  const path = '/keys/[^/]+$';
  simulator.inject(fault({ method: 'get', path, skip: 1, times: 2, answer: { kind: 'status', status: 500 } }));

  const statuses = [];
  for (const sent of [key, key, appPath, key, key]) {
    statuses.push((await manage('GET', sent)).status);
  }

  expect(statuses).toEqual([200, 500, 200, 500, 200]);
});

test('a fault without an end lasts until it is cleared', async () => {
  const { manage, simulator } = await simulatorUnderTest();
  const status = async () => (await manage('GET', key)).status;

  const first = simulator.inject(fault({ times: 'always', answer: { kind: 'status', status: 500 } }));
  simulator.inject(fault({ times: 'always', answer: { kind: 'status', status: 503 } }));
  expect([await status(), await status()]).toEqual([500, 500]);

  first.clear();
  expect(await status()).toBe(503);

  simulator.clearFaults();
  expect(await status()).toBe(200);
});

test('a page, an empty body and a cut connection', async () => {
  const { manage, simulator } = await simulatorUnderTest();

  simulator.inject(fault({ answer: { kind: 'html', status: 502 } }));
  const page = await manage('GET', key);
  simulator.inject(fault({ answer: { kind: 'empty', status: 200 } }));
  const empty = await manage('GET', key);
  simulator.inject(fault({ answer: { kind: 'reset' } }));
  const cut = manage('GET', key);

  expect(page.status).toBe(502);
  expect(page.text).toContain('<html');
  expect(empty).toMatchObject({ status: 200, text: '' });
  await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(simulator.requests().at(-1)).toMatchObject({ status: null });
});

test('a request that is never answered waits until the simulator closes', async () => {
  const { manage, simulator } = await simulatorUnderTest();
  simulator.inject(fault({ answer: { kind: 'silence' } }));

  const silent = manage('GET', key).then(
    () => 'answered',
    () => 'cut',
  );
  expect(await manage('GET', key)).toMatchObject({ status: 200 });

  await simulator.close();
  expect(await silent).toBe('cut');
});

test.each([
  ['reset', { kind: 'reset' }],
  ['answered with an error', { kind: 'status', status: 500 }],
] as const)('an answer can be %s after the request took its effect', async (_, answer) => {
  const { manage, simulator } = await simulatorUnderTest();
  const json = { consumerKey: 'k', consumerSecret: 's' };
  simulator.inject(fault({ method: 'POST', path: '/keys/create$', afterEffect: true, answer }));

  await manage('POST', `${appPath}/keys/create`, { json }).catch(() => undefined);

  expect(simulator.keys(app)).toMatchObject([{}, { consumerKey: 'k' }]);
  expect(await manage('POST', `${appPath}/keys/create`, { json })).toMatchObject({ status: 409 });
});

test('the token endpoint and a single node of the gateway fail in their own words', async () => {
  const { simulator } = await simulatorUnderTest();
  simulator.inject({ surface: 'token', answer: { kind: 'status', status: 503 } });
  simulator.inject({ surface: 'gateway', node: 1, times: 'always', answer: { kind: 'status', status: 503 } });
  const call = () => send(`${simulator.gatewayUrl}/orders`, { headers: { 'x-apikey': 'hand-made' } });

  const token = await send(simulator.tokenUrl, { method: 'POST' });
  const calls = [await call(), await call(), await call()];

  expect(token).toMatchObject({ status: 503, json: { error: 'internal_failure' } });
  expect(calls.map(({ status }) => status)).toEqual([200, 503, 200]);
  expect(calls[1]!.json).toHaveProperty('fault');
});

test.each(['edge', 'opdk'] as const)('an injected status of %s is in its own words', async (flavour) => {
  const { manage, simulator } = await simulatorUnderTest({ flavour });

  simulator.inject(fault({ afterEffect: true, answer: { kind: 'status', status: 503, retryAfterSeconds: 7 } }));
  const hit = await manage('DELETE', key);

  expect(hit).toMatchObject({ status: 503, headers: { 'retry-after': '7' }, json: { contexts: [] } });
  expect(hit.json).not.toHaveProperty('error');
  expect(simulator.keys(app)).toEqual([]);
});

test('an injected 401 of Edge has the body that is unsettled', async () => {
  const { manage, simulator } = await simulatorUnderTest({ flavour: 'edge', unsettled: { refusalBody: 'empty' } });

  simulator.inject(fault({ answer: { kind: 'status', status: 401 } }));

  expect(await manage('GET', key)).toMatchObject({ status: 401, text: '' });
});
