import { randomBytes } from 'node:crypto';

import { apigeeProvider } from '@keyturn/apigee-adapter/apigee-provider';
import { authorizeBy } from '@keyturn/apigee-adapter/authorize';
import { apigeeSimulator } from '@keyturn/apigee-simulator/apigee-simulator';
import type { ApigeeSimulator, Owner, Seed, SeedApp, SimulatorOptions } from '@keyturn/apigee-simulator/simulator';
import type { CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import { systemClock } from '@keyturn/lambda/system-clock';
import { systemRandom, systemRandomBytes } from '@keyturn/lambda/system-random';
import * as z from 'zod';

import type { CarelessOptions, Scenario, SimulatedProvider } from '../simulated-provider.ts';
import { withoutEntitlements } from '../without-entitlements.ts';

type Variant = Pick<Scenario, 'name' | 'title'> & {
  readonly simulator: SimulatorOptions;
  readonly owner: Owner;
  /** Whose app it is. */
  readonly seed: (app: SeedApp) => Seed;
  /** What the configuration says of this Apigee alone. */
  readonly config: (apigee: ApigeeSimulator) => Readonly<Record<string, unknown>>;
  /** What the administrator put into the adapter's secret. */
  readonly adminSecret: (apigee: ApigeeSimulator) => string;
};

const app = 'orders-client';
const developer = 'orders-team@acme.example';
const company = 'acme-retail';
const totpSecret = 'JBSWY3DPEHPK3PXP';
/** What the key is used for: each path belongs to an API product of its own, and the probe looks at the first alone. */
const paths = ['/orders/42', '/invoices/7'] as const;
const products = [
  { name: 'orders-v1', paths: ['/orders'], scopes: ['orders.read'] },
  { name: 'invoices-v1', paths: ['/invoices'] },
];
const pair = z.object({ client_id: z.string() });

export const apigee = scenario({
  name: 'apigee',
  title: 'a developer app of Apigee X, whose keys we choose',
  simulator: { organization: 'acme' },
  owner: { developer },
  seed: (seeded) => ({ products, developers: [{ email: developer, apps: [seeded] }] }),
  config: ({ tokenUrl }) => ({ auth: { as: 'serviceAccount', tokenUrl } }),
  adminSecret: ({ serviceAccount }) => JSON.stringify(serviceAccount),
});

export const apigeeEdge = scenario({
  name: 'apigee-edge',
  title: 'an app of a company on Apigee Edge, whose keys we choose; signed in by OAuth with password and MFA code',
  simulator: {
    organization: 'acme',
    flavour: 'edge',
    // So short that the demo lives through several.
    accessTokenSeconds: 75,
    edgeLogin: { totpSecret },
    unsettled: { companyPostMints: false },
  },
  owner: { company },
  seed: (seeded) => ({ products, companies: [{ name: company, apps: [seeded] }] }),
  config: ({ tokenUrl }) => ({ flavour: 'edge', auth: { as: 'oauth', tokenUrl } }),
  adminSecret: ({ edgeLogin }) =>
    JSON.stringify({ username: edgeLogin.username, password: edgeLogin.password(), totpSecret }),
});

export const apigeeGenerated = scenario({
  name: 'apigee-generated',
  title: 'a developer app of a private cloud (OPDK), whose keys only Apigee makes; signed in by user and password',
  simulator: { organization: 'acme', flavour: 'opdk' },
  owner: { developer },
  seed: (seeded) => ({ products, developers: [{ email: developer, apps: [seeded] }] }),
  config: () => ({ flavour: 'opdk', mint: 'generated', auth: { as: 'basic' } }),
  adminSecret: ({ edgeLogin }) => JSON.stringify({ username: edgeLogin.username, password: edgeLogin.password() }),
});

function scenario(variant: Variant): Scenario {
  return {
    name: variant.name,
    providerId: 'apigee',
    title: variant.title,
    overlap: 'multi',
    safeguards: ['hold-off', 'grace', 'entitlements'],
    careless,
    start: async ({ nodes }) => simulated(variant, await apigeeSimulator({ ...variant.simulator, nodes })),
  };
}

function careless({ config, secrets }: CarelessOptions): CredentialProvider {
  if (config.kind !== 'apigee') throw new Error('The configuration is of another provider');
  const common = { clock: systemClock, random: systemRandom };
  const authorize = authorizeBy({
    config,
    duty: 'issue',
    secrets,
    identity: () => Promise.reject(new Error('The local AWS has no identities')),
    http: { ...common, allowHttp: config.allowHttp },
  });
  const adapter = apigeeProvider({ ...common, randomBytes: systemRandomBytes, config, authorize });
  return withoutEntitlements(adapter, ['product:orders-v1', 'scope:orders.read']);
}

function simulated(variant: Variant, simulator: ApigeeSimulator): SimulatedProvider {
  const name = { ...variant.owner, app };
  const handMade = {
    consumerKey: randomBytes(24).toString('base64url'),
    consumerSecret: randomBytes(24).toString('base64url'),
  };
  simulator.seed(variant.seed(clickedTogether(handMade)));
  const keyIdOf = (text: string) => pair.parse(JSON.parse(text)).client_id;
  const urlsAt = (gateway: string) => paths.map((path) => `${gateway}${path}`);

  return {
    config: {
      kind: 'apigee',
      organization: simulator.organization,
      managementUrl: simulator.managementUrl,
      adminSecret: 'keyturn/apigee-admin',
      ...variant.config(simulator),
      urls: { gateway: simulator.gatewayUrl },
      allowHttp: ['127.0.0.1'],
      probes: [{ id: 'orders', url: 'gateway', path: '/orders/ping', send: { as: 'header', name: 'x-apikey' } }],
    },
    adminSecret: variant.adminSecret(simulator),
    shape: { keyId: '/client_id', secret: '/client_secret' },
    pasted: `{"client_id":"${handMade.consumerKey}","client_secret":"${handMade.consumerSecret}"}`,
    adopt: [],
    application: {
      as: 'http',
      urls: urlsAt(simulator.gatewayUrl),
      header: 'x-apikey',
      field: 'client_id',
      errorCode: ['fault', 'detail', 'errorcode'],
    },
    keys: () =>
      simulator.keys(name).map(({ consumerKey, status, products }) => ({
        keyId: consumerKey,
        enabled: status === 'approved' && products.length > 0,
      })),
    disable: (keyId) => simulator.hand.setKeyStatus(name, keyId, 'revoked'),
    keyIdOf,
    async isRefused(text) {
      const asked = simulator.nodeUrls.flatMap(urlsAt).map(async (url) => {
        const { status } = await fetch(url, { headers: { 'x-apikey': keyIdOf(text) } });
        return status === 401;
      });
      return (await Promise.all(asked)).every(Boolean);
    },
    canaries: [simulator.serviceAccount.private_key.slice(64, 128), simulator.edgeLogin.password(), totpSecret],
    endpoints: {
      management: simulator.managementUrl,
      token: simulator.tokenUrl,
      gateway: simulator.gatewayUrl,
      nodes: simulator.nodeUrls,
      control: simulator.controlUrl,
      accessToken: simulator.accessToken(),
      app: name,
      paths,
    },
    close: () => simulator.close(),
  };
}

/** An app with a key that somebody clicked together: two products, a scope and attributes that have to survive. */
const clickedTogether = (key: { readonly consumerKey: string; readonly consumerSecret: string }): SeedApp => ({
  name: app,
  attributes: [{ name: 'DisplayName', value: 'Orders' }],
  callbackUrl: 'https://orders.acme.example/callback',
  keys: [
    {
      ...key,
      products: ['orders-v1', 'invoices-v1'],
      scopes: ['orders.read'],
      attributes: [{ name: 'cost-centre', value: '4711' }],
    },
  ],
});
