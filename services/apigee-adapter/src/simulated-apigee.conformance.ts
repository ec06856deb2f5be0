import { randomBytes } from 'node:crypto';

import { apigeeSimulator } from '@keyturn/apigee-simulator/apigee-simulator';
import type {
  ApigeeSimulator,
  AppName,
  Flavour,
  SeedApp,
  SeedKey,
  SimulatorOptions,
} from '@keyturn/apigee-simulator/simulator';
import type { ApigeeConfig, ProbeConfig } from '@keyturn/config/config';
import { apigee as providerSchema } from '@keyturn/config/apigee-config';
import type { CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import type { Clock } from '@keyturn/rotation/clock';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import { afterAll } from 'vitest';

import { apigeeProvider } from './apigee-provider.ts';
import { checkRequest } from './check-request.ts';

export type OwnerKind = 'developers' | 'companies' | 'appgroups';
/** The owner of `target`, and that of `otherTarget`. */
const owners: Readonly<Record<OwnerKind, readonly [string, string]>> = {
  developers: ['dev@example.com', 'other@example.com'],
  companies: ['Acme Ltd.', 'others'],
  appgroups: ['acme', 'others'],
};

/** Targets of one kind of owner. */
export function targetsOf(kind: OwnerKind): { target: string; otherTarget: string; unprobedTarget: string } {
  const [one, other] = owners[kind];
  return {
    target: `${kind}/${one}/apps/orders client`,
    otherTarget: `${kind}/${other}/apps/billing`,
    unprobedTarget: `${kind}/${one}/apps/unprobed`,
  };
}

export const [developer] = owners.developers;
export const { target, otherTarget, unprobedTarget } = targetsOf('developers');

export const propagationMs = 8000;
const revocationMs = 6000;
const nodes = [
  { propagationMs: 1000, productPropagationMs: 3000, revocationMs: 2000, negativeMs: 500 },
  { propagationMs: 4000, productPropagationMs: propagationMs, revocationMs, negativeMs: 0 },
  { propagationMs: 0, revocationMs: 0, negativeMs: 0 },
];

/** What becomes of a request to the management API: passed on, passed on and then lost, or answered at once. */
export type Interference = (request: Received, earlier: number) => 'pass' | 'lose' | Reply;

export type SimulatedApigee = {
  readonly apigee: ApigeeSimulator;
  readonly provider: CredentialProvider;
  readonly clock: Clock;
  readonly config: ApigeeConfig;
  /** What the adapter authenticates with. */
  readonly token: string;
  /** Requests to the management API, by the name of the call. */
  readonly calls: readonly string[];
  readonly interfere: (interference: Interference) => void;
  /** Whatever probes call accepts any key from now on. */
  readonly acceptAnything: () => void;
  readonly handMade: (key?: Partial<SeedKey> & { readonly target?: string }) => Credential;
  /** Adds to the app. */
  readonly seedApp: (target: string, app: Omit<SeedApp, 'name'>) => void;
  readonly appOf: (target: string) => AppName;
  close(): Promise<void>;
};

const problems: string[] = [];
let checked = 0;

// Every request of every test of a file that uses this one.
afterAll(() => {
  if (problems.length > 0) throw new Error(`Requests that do not fit their description:\n${problems.join('\n')}`);
  if (checked === 0) throw new Error('No request to the management API was seen: nothing was checked');
  process.stdout.write(`${checked} requests to the management API fit its description\n`);
});

/** For tests: counts a request to the management API, and fails the file where it does not fit its description. Gives the name of the call. */
export function checkAndCount(request: Received, flavour: Flavour = 'x'): string {
  const { id, problem } = checkRequest({ ...request, contentType: request.headers['content-type'] }, flavour);
  checked += 1;
  if (problem !== undefined) problems.push(`${request.method} ${id ?? request.url}: ${problem}`);
  return id ?? 'unknown';
}

type Options = {
  readonly send?: ProbeConfig['send'];
  readonly mint?: ApigeeConfig['mint'];
  readonly flavour?: Flavour;
  /** Statistics of the environment `prod` are configured. */
  readonly analytics?: boolean;
  readonly simulator?: SimulatorOptions;
  readonly timeoutMs?: number;
  /** More probes, before the usual one. */
  readonly probes?: readonly object[];
};

/** The simulator, an adapter that works on it over loopback HTTP, and between them a proxy that checks every request to the management API. */
export async function simulatedApigee({
  send,
  mint = 'chosen',
  flavour = 'x',
  analytics = false,
  simulator = {},
  timeoutMs = 2000,
  probes = [],
}: Options = {}): Promise<SimulatedApigee> {
  let now = 1_800_000_000_000;
  const clock: Clock = {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
  // As Edge is documented: a company's app gets its keys by PUT.
  const documented = { unsettled: { companyPostMints: false, ...simulator.unsettled } };
  const apigee = await apigeeSimulator({ clock, nodes, flavour, ...simulator, ...documented });
  seed(apigee);

  const calls: string[] = [];
  let interference: Interference = () => 'pass';
  const management = await loopbackServer(async (request, earlier) => {
    calls.push(checkAndCount(request, flavour));
    const reply = await pass(apigee.managementUrl.replace(/\/v1$/, ''), request, interference(request, earlier));
    if (typeof reply === 'string') return reply;
    return { ...reply, headers: { date: new Date(now).toUTCString(), ...reply.headers } };
  });
  let open = false;
  const gateway = await loopbackServer((request) => pass(apigee.gatewayUrl, request, open ? welcome(request) : 'pass'));

  const config = providerSchema.parse({
    kind: 'apigee',
    flavour,
    mint,
    organization: apigee.organization,
    managementUrl: `${management.url}/v1`,
    ...(analytics && { analytics: { environments: ['prod'] } }),
    adminSecret: 'apigee/admin',
    urls: { gateway: gateway.url },
    probes: [
      ...probes,
      {
        id: 'orders',
        products: ['orders', 'orders-admin'],
        url: 'gateway',
        path: '/orders/1',
        send: send ?? { as: 'header' },
      },
    ],
    allowHttp: ['127.0.0.1'],
    propagation: `${propagationMs}ms`,
    revocation: `${revocationMs}ms`,
  });
  const token = apigee.accessToken();
  return {
    apigee,
    provider: apigeeProvider({
      config,
      authorize: () => Promise.resolve(hidden(`Bearer ${token}`)),
      clock,
      random: () => 0.5,
      randomBytes,
      timeoutMs,
    }),
    clock,
    config,
    token,
    calls,
    interfere(next) {
      const before = management.received.length;
      interference = (request, earlier) => next(request, earlier - before);
    },
    acceptAnything() {
      open = true;
    },
    handMade: (key) => handMade(apigee, key),
    seedApp: (name, app) => seedApp(apigee, name, app),
    appOf,
    async close() {
      await Promise.all([apigee.close(), management.close(), gateway.close()]);
    },
  };
}

function appOf(name: string): AppName {
  const { kind, owner, app } = partsOf(name);
  if (kind === 'developers') return { developer: owner, app };
  return kind === 'companies' ? { company: owner, app } : { appGroup: owner, app };
}

function partsOf(name: string): { readonly kind: OwnerKind; readonly owner: string; readonly app: string } {
  const [kind = '', owner = '', , app = ''] = name.split('/');
  const known = (['developers', 'companies', 'appgroups'] as const).find((one) => one === kind);
  if (known !== undefined) return { kind: known, owner, app };
  throw new Error(`Nothing was seeded for ${name}`);
}

/** What is added to an app; the app where it is not there yet. */
function seedApp(apigee: ApigeeSimulator, name: string, seeded: Omit<SeedApp, 'name'> = {}): void {
  const { kind, owner, app } = partsOf(name);
  const apps = [{ name: app, ...seeded }];
  if (kind === 'developers') apigee.seed({ developers: [{ email: owner, apps }] });
  if (kind === 'companies') apigee.seed({ companies: [{ name: owner, apps }] });
  if (kind === 'appgroups') apigee.seed({ appGroups: [{ name: owner, apps }] });
}

function seed(apigee: ApigeeSimulator): void {
  apigee.seed({
    products: [
      { name: 'orders', paths: ['/orders'], scopes: ['read', 'write'] },
      { name: 'orders-admin', paths: ['/orders'] },
      { name: 'invoices', paths: ['/invoices'] },
      { name: 'payments', paths: ['/payments'], approval: 'manual' },
    ],
  });
  const google = apigee.flavour === 'x' || apigee.flavour === 'hybrid';
  for (const kind of ['developers', google ? 'appgroups' : 'companies'] as const) {
    for (const name of Object.values(targetsOf(kind))) seedApp(apigee, name);
  }
}

let made = 0;

/** As a person makes one in the portal; every node knows it already. */
function handMade(apigee: ApigeeSimulator, key: Parameters<SimulatedApigee['handMade']>[0] = {}): Credential {
  const { target: name = target, ...wish } = key;
  made += 1;
  const named = {
    consumerKey: `hand-made-key-${made}-e1f0a9`,
    consumerSecret: `hand-made-secret-${made}-77c2d4`,
    products: name.endsWith('/unprobed') ? ['invoices'] : ['orders'],
    attributes: [{ name: 'Team', value: 'Orders' }],
    ...wish,
  };
  // Seeding replaces what it names.
  const { attributes, callbackUrl } = apigee.app(appOf(name));
  seedApp(apigee, name, { attributes, callbackUrl, keys: [named] });
  return credential(named.consumerKey, named.consumerSecret);
}

/** A gateway that asks nobody: whoever wants a token gets one. */
function welcome({ headers }: Received): Reply {
  const [, basic = ''] = /^Basic (\S+)$/.exec(headers.authorization ?? '') ?? [];
  const [clientId = ''] = Buffer.from(basic, 'base64').toString().split(':');
  return { status: 200, body: JSON.stringify({ access_token: 'anything', client_id: clientId }) };
}

async function pass(base: string, request: Received, what: ReturnType<Interference>): Promise<Reply> {
  if (what !== 'pass' && what !== 'lose') return what;
  const { method, url, headers, body } = request;
  const kept = new Headers();
  for (const name of ['authorization', 'content-type', 'x-apikey']) {
    const value = headers[name];
    if (typeof value === 'string') kept.set(name, value);
  }
  const answer = await fetch(base + url, {
    method,
    headers: kept,
    redirect: 'manual',
    ...(method !== 'GET' && method !== 'HEAD' && method !== 'DELETE' && { body }),
  });
  const text = await answer.text();
  if (what === 'lose') return 'reset';
  return { status: answer.status, headers: { 'content-type': answer.headers.get('content-type') ?? '' }, body: text };
}
