import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { app, appPath, send, simulatorUnderTest } from './simulator-under-test.ts';

const openConnections = `
  import { apigeeSimulator } from ${JSON.stringify(import.meta.resolve('./apigee-simulator.ts'))};
  const simulator = await apigeeSimulator();
  simulator.inject({ surface: 'gateway', node: 1, answer: { kind: 'silence' } });
  const idle = await fetch(simulator.gatewayUrl);
  const silent = fetch(simulator.gatewayUrl).catch(() => 'cut');
  while (simulator.requests().length < 2) await new Promise(setImmediate);
  await simulator.close();
  console.log(idle.status, await silent);
`;

test('a process that closes the simulator ends by itself, whatever connections were open', async () => {
  const child = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', openConnections], {
    timeout: 20_000,
  });

  expect((await child).stdout).toBe('404 cut\n');
});

test('every server is on the loopback interface, and closing twice does no harm', async () => {
  const { simulator } = await simulatorUnderTest();
  const { managementUrl, tokenUrl, gatewayUrl, nodeUrls, controlUrl } = simulator;

  await simulator.close();
  await simulator.close();

  for (const url of [managementUrl, tokenUrl, gatewayUrl, ...nodeUrls, controlUrl]) {
    expect(new URL(url).hostname).toBe('127.0.0.1');
    await expect(send(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
});

test('listens on one address alone', async () => {
  const { simulator } = await simulatorUnderTest();
  const elsewhere = simulator.gatewayUrl.replace('127.0.0.1', '127.0.0.2');

  await expect(send(elsewhere)).rejects.toThrow();
});

test('runs by the wall clock when no clock is given', async () => {
  const { simulator } = await simulatorUnderTest({ clock: Date });

  expect(Math.abs(simulator.keys(app)[0]!.issuedAt - Date.now())).toBeLessThan(10_000);
});

test('seeding again replaces what has the same name, at once on every node', async () => {
  const lagging = { propagationMs: 60_000, revocationMs: 60_000, negativeMs: 0 };
  const { simulator } = await simulatorUnderTest({ nodes: [lagging] });
  const keys = [{ consumerKey: 'hand-made', consumerSecret: 'typed-once', status: 'revoked' as const }];

  simulator.seed({ developers: [{ email: 'dev@example.com', apps: [{ name: app, keys }] }] });

  expect(simulator.keys(app)).toMatchObject([{ consumerKey: 'hand-made', status: 'revoked', products: [] }]);
  const answer = await send(`${simulator.gatewayUrl}/orders`, { headers: { 'x-apikey': 'hand-made' } });
  expect(answer.status).toBe(401);
});

test('two apps of one name are told apart by their developers', async () => {
  const { simulator } = await simulatorUnderTest();
  simulator.seed({ developers: [{ email: 'other@example.com', apps: [{ name: app }] }] });

  expect(() => simulator.keys(app)).toThrow('More than one app');
  expect(simulator.keys({ developer: 'other@example.com', app })).toEqual([]);
  expect(simulator.keys({ developer: 'dev@example.com', app })).toHaveLength(1);
});

test('what a person does by hand shows in the API and not in the log', async () => {
  const { simulator, manage } = await simulatorUnderTest();

  simulator.hand.setKeyStatus(app, 'hand-made', 'revoked');
  simulator.hand.setDeveloperStatus('dev@example.com', 'inactive');

  expect(simulator.requests()).toEqual([]);
  expect(await manage('GET', `${appPath}/keys/hand-made`)).toMatchObject({ json: { status: 'revoked' } });
  expect(await manage('GET', '/developers/dev@example.com')).toMatchObject({ json: { status: 'inactive' } });
});

test('a seed that cannot be is refused', async () => {
  const { simulator } = await simulatorUnderTest();
  const key = { consumerKey: 'hand-made', consumerSecret: 'x' };
  const seedKey = (more: object) => () => {
    simulator.seed({
      developers: [{ email: 'other@example.com', apps: [{ name: 'a', keys: [{ ...key, ...more }] }] }],
    });
  };

  expect(seedKey({})).toThrow('Another app has this key');
  expect(seedKey({ consumerKey: 'k', products: ['nowhere'] })).toThrow('No API product nowhere');
});
