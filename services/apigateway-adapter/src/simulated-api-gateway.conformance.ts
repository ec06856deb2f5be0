import { randomBytes } from 'node:crypto';

import type { Serve } from '@keyturn/apigee-simulator/apigee-world';
import { apiGatewayWorld } from '@keyturn/apigateway-simulator/api-gateway-world';
import type { ApiGatewayWorld, KeyView, SeedKey, SimulatorOptions } from '@keyturn/apigateway-simulator/simulator';
import { apigateway as apigatewaySchema } from '@keyturn/config/apigateway-config';
import type { ApiGatewayConfig } from '@keyturn/config/config';
import type { CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import type { Clock } from '@keyturn/rotation/clock';
import { credential, type Credential } from '@keyturn/rotation/credential';

import { apiGatewayClient } from './api-gateway-client.ts';
import { apigatewayProvider } from './apigateway-provider.ts';
import { sdkApiKeys } from './sdk-api-keys.ts';
import { isOurName } from './target.ts';

export const target = 'aord01/orders-client';
export const otherTarget = 'aord01/billing-client';
export const unprobedTarget = 'feed01/unprobed';
export const usualEntitlements = ['plan:aord01', 'plan:badm02'] as const;

const propagationMs = 8000;
const revocationMs = 6000;
const nodes = [
  { propagationMs: 1000, productPropagationMs: 3000, revocationMs: 2000, negativeMs: 500 },
  { propagationMs: 4000, productPropagationMs: propagationMs, revocationMs, negativeMs: 0 },
  { propagationMs: 0, revocationMs: 0, negativeMs: 0 },
];

/** What becomes of a request to the control plane: passed on, passed on and then lost, or answered at once. */
export type Interference = (request: Received, earlier: number) => 'pass' | 'lose' | Reply;

export type SimulatedApiGateway = {
  readonly world: ApiGatewayWorld;
  readonly provider: CredentialProvider;
  readonly clock: Clock;
  readonly config: ApiGatewayConfig;
  /** What the adapter signs with. */
  readonly secretAccessKey: string;
  /** Names of the SDK, in the order of the calls. */
  readonly calls: () => readonly string[];
  readonly interfere: (interference: Interference) => void;
  /** Whatever probes call accepts any key from now on. */
  readonly acceptAnything: () => void;
  /** As a person makes one in the console; every node knows it already. */
  readonly handMade: (key?: Partial<SeedKey> & { readonly target?: string }) => Credential;
  readonly stored: (target: string) => readonly KeyView[];
  close(): Promise<void>;
};

type Options = { readonly simulator?: SimulatorOptions; readonly config?: object };

/** The simulator, and an adapter that works on it by the SDK and over loopback HTTP. */
export async function simulatedApiGateway({ simulator, config: more }: Options = {}): Promise<SimulatedApiGateway> {
  let now = 1_800_000_000_000;
  const clock: Clock = {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
  const world = apiGatewayWorld({ clock, nodes, ...simulator });
  world.seed([
    { id: 'aord01', stages: ['orders/prod'] },
    { id: 'badm02', stages: ['admin/prod'] },
    { id: 'feed01', stages: ['feed/prod'] },
  ]);

  let interference: Interference = () => 'pass';
  const management = await loopbackServer((request, earlier) =>
    pass(world.management, request, interference(request, earlier)),
  );
  let open = false;
  const gateway = await loopbackServer((request) =>
    open ? { status: 200, body: '{}' } : pass(world.gateway, request, 'pass'),
  );
  const config = apigatewaySchema.parse({
    kind: 'apigateway',
    endpointUrl: management.url,
    urls: { orders: gateway.url },
    probes: [{ id: 'orders', plans: ['aord01'], url: 'orders', path: '/orders/prod/ping' }],
    usage: { lag: '1h' },
    allowHttp: ['127.0.0.1'],
    propagation: `${propagationMs}ms`,
    revocation: `${revocationMs}ms`,
    ...more,
  });
  const secretAccessKey = 'canary-of-the-function-4f1c';
  const client = apiGatewayClient({
    endpoint: config.endpointUrl,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'ASIAFUNCTION', secretAccessKey },
  });
  const ports = { clock, random: () => 0.5 };
  return {
    world,
    provider: apigatewayProvider({
      ...ports,
      config,
      randomBytes,
      api: sdkApiKeys({ ...ports, client }),
      timeoutMs: 2000,
    }),
    clock,
    config,
    secretAccessKey,
    calls: () => world.requests().flatMap(({ operation }) => operation ?? []),
    interfere(next) {
      const before = management.received.length;
      interference = (request, earlier) => next(request, earlier - before);
    },
    acceptAnything() {
      open = true;
    },
    handMade(key = {}) {
      const { target: of = target, ...wish } = key;
      const [plan = '', name = ''] = of.split(/\/(.*)/s);
      const tags = { Project: 'orders', CostCategory: '4711' };
      const seeded = { name, tags, description: 'By hand', plans: [plan], ...wish };
      const made = world.hand.addKey(seeded);
      return credential(made.id, made.value);
    },
    stored: (of) => storedOf(world, of),
    async close() {
      client.destroy();
      await Promise.all([management.close(), gateway.close()]);
    },
  };
}

/** The keys of a client, by their names. */
export const storedOf = (world: ApiGatewayWorld, of: string): readonly KeyView[] => {
  const [, name = ''] = of.split(/\/(.*)/s);
  return world.keys().filter((key) => key.name === name || key.name.startsWith(`${name}.`));
};

/** What the secret says of a key. */
export const keyIdIn = ({ id, name }: KeyView): string => (isOurName(name) ? name : id);

async function pass(
  serve: Serve,
  { method, url, headers, body }: Received,
  what: ReturnType<Interference>,
): Promise<Reply> {
  if (what !== 'pass' && what !== 'lose') return what;
  const { pathname: path, searchParams: query } = new URL(url, 'http://localhost');
  const reply = await serve({ method, path, query, headers, body });
  if (what === 'lose' || reply === 'reset') return 'reset';
  return reply === 'silence' ? 'hang' : reply;
}
