import { expect, onTestFinished, test } from 'vitest';
import { apigeeSimulator } from './apigee-simulator.ts';
import { apigeeWorld } from './apigee-world.ts';
import type { Incoming } from './loopback-server.ts';
import type { Flavour, SimulatorOptions } from './simulator.ts';
import { app, appPath, seed, send } from './simulator-under-test.ts';

/** The same in every run. */
function given(options: SimulatorOptions = {}): SimulatorOptions {
  let made = 0;
  const next = () => `made-${(made += 1)}`;
  return { organization: 'acme', clock: { now: () => 1_800_000_000_000 }, newText: next, newId: next, ...options };
}

type Sent = {
  surface: 'management' | 'gateway';
  method: string;
  path: string;
  headers?: Record<string, string>;
  json?: unknown;
};

const key = { consumerKey: 'chosen-key', consumerSecret: 'chosen-secret' };
const keyed = { 'x-apikey': 'hand-made' };
const script: readonly Sent[] = [
  { surface: 'management', method: 'GET', path: appPath },
  { surface: 'management', method: 'POST', path: `${appPath}/keys/create`, json: key },
  { surface: 'management', method: 'POST', path: `${appPath}/keys/create`, json: key },
  { surface: 'management', method: 'POST', path: appPath, json: { name: app, apiProducts: ['orders-v1'] } },
  { surface: 'management', method: 'DELETE', path: `${appPath}/keys/unheard-of` },
  { surface: 'management', method: 'GET', path: '/apps?filter=consumerKey%3Dhand-made' },
  { surface: 'management', method: 'PATCH', path: '/nowhere' },
  { surface: 'gateway', method: 'GET', path: '/orders/1', headers: keyed },
  { surface: 'gateway', method: 'GET', path: '/orders/1', headers: keyed },
  { surface: 'gateway', method: 'GET', path: '/orders/1' },
  { surface: 'gateway', method: 'POST', path: '/oauth/token?grant_type=client_credentials', headers: keyed },
];

const inOrganization = ({ surface, path }: Sent) => (surface === 'management' ? `/v1/organizations/acme${path}` : path);
const headersOf = ({ surface, headers, json }: Sent, token: string): Record<string, string> => ({
  ...(surface === 'management' && { authorization: `Bearer ${token}` }),
  ...(json !== undefined && { 'content-type': 'application/json' }),
  ...headers,
});
const bodyOf = ({ json }: Sent) => (json === undefined ? '' : JSON.stringify(json));

async function overSockets(options: SimulatorOptions): Promise<unknown[]> {
  const simulator = await apigeeSimulator(options);
  onTestFinished(() => simulator.close());
  simulator.seed(seed);
  const token = simulator.accessToken();
  const answers: unknown[] = [];
  for (const sent of script) {
    const base = sent.surface === 'management' ? simulator.managementUrl.slice(0, -3) : simulator.gatewayUrl;
    const headers = headersOf(sent, token);
    const answer = await send(base + inOrganization(sent), { method: sent.method, headers, body: bodyOf(sent) });
    answers.push({ status: answer.status, type: answer.headers['content-type'], text: answer.text });
  }
  return [...answers, simulator.keys(app), simulator.requests()];
}

async function inProcess(options: SimulatorOptions): Promise<unknown[]> {
  const world = apigeeWorld(options);
  world.seed(seed);
  const token = world.accessToken();
  const answers: unknown[] = [];
  for (const sent of script) {
    const [path = '', query] = inOrganization(sent).split('?');
    const incoming: Incoming = {
      method: sent.method,
      path,
      query: new URLSearchParams(query),
      headers: headersOf(sent, token),
      body: bodyOf(sent),
    };
    const answer = await world[sent.surface](incoming);
    if (typeof answer === 'string') throw new Error('There is an answer');
    answers.push({ status: answer.status, type: answer.headers?.['content-type'], text: answer.body ?? '' });
  }
  return [...answers, world.keys(app), world.requests()];
}

test.each<Flavour>(['x', 'edge'])('answers as it does over sockets, to the letter (%s)', async (flavour) => {
  const sockets = await overSockets(given({ flavour }));

  expect(await inProcess(given({ flavour }))).toEqual(sockets);
  expect(JSON.stringify(sockets)).toContain('made-');
});

test('has all its effects when the call returns', () => {
  const world = apigeeWorld(given());
  world.seed(seed);
  const headers = { authorization: `Bearer ${world.accessToken()}` };
  const path = `/v1/organizations/acme${appPath}/keys/hand-made`;

  void world.management({ method: 'DELETE', path, query: new URLSearchParams(), headers, body: '' });

  expect(world.keys(app)).toEqual([]);
});

test('tells of each node whether it accepts a key, which no node remembers and no log shows', async () => {
  let now = 0;
  const lagging = { propagationMs: 1000, revocationMs: 0, negativeMs: 5000 };
  const prompt = { propagationMs: 0, revocationMs: 0, negativeMs: 0 };
  const world = apigeeWorld(given({ clock: { now: () => now }, nodes: [lagging, prompt] }));
  world.seed(seed);
  world.hand.addKey(app, { consumerKey: 'new', consumerSecret: 's', products: ['orders-v1'] });

  const early = world.acceptedBy('new', '/orders');
  const elsewhere = world.acceptedBy('new', '/invoices');
  now = 1000;

  expect([early, elsewhere]).toEqual([
    [false, true],
    [false, false],
  ]);
  expect(world.acceptedBy('new', '/orders')).toEqual([true, true]);
  expect(world.requests()).toEqual([]);

  // Unlike a request.
  now = 0;
  await world.nodes[0]?.({
    method: 'GET',
    path: '/orders',
    query: new URLSearchParams(),
    headers: { 'x-apikey': 'new' },
    body: '',
  });
  now = 1000;
  expect(world.acceptedBy('new', '/orders')).toEqual([false, true]);
});
