import type { ApigeeSimulator, AppName, Seed, SimulatorOptions } from '@keyturn/apigee-simulator/simulator';

import type { HandMadeKey } from './seed-app.ts';

/** Which provider is played: what the simulator is, where the key belongs, and how the adapter gets in. */
export type Scenario = {
  readonly name: ScenarioName;
  /** Whose key is rotated, for people. */
  readonly title: string;
  readonly simulator: SimulatorOptions;
  readonly app: AppName;
  readonly seed: (key: HandMadeKey) => Seed;
  /** What the configuration says of the provider, besides its probes and times. */
  readonly provider: (apigee: ApigeeSimulator) => Readonly<Record<string, unknown>>;
  /** What the administrator put into the adapter's secret. */
  readonly adminSecret: (apigee: ApigeeSimulator) => string;
};

export const scenarioNames = ['apigee', 'apigee-edge', 'apigee-generated'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

const products = [
  { name: 'orders-v1', paths: ['/orders'], scopes: ['orders.read'] },
  { name: 'invoices-v1', paths: ['/invoices'] },
];

/** An app with a key that somebody clicked together: two products, a scope and attributes that have to survive. */
const appOf = (name: string, key: HandMadeKey) => ({
  name,
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

const developer = 'orders-team@acme.example';
const company = 'acme-retail';
const app = 'orders-client';

const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  apigee: {
    name: 'apigee',
    title: 'a developer app of Apigee X, whose keys we choose',
    simulator: { organization: 'acme' },
    app: { developer, app },
    seed: (key) => ({ products, developers: [{ email: developer, apps: [appOf(app, key)] }] }),
    provider: ({ tokenUrl }) => ({ auth: { as: 'serviceAccount', tokenUrl } }),
    adminSecret: ({ serviceAccount }) => JSON.stringify(serviceAccount),
  },
  'apigee-edge': {
    name: 'apigee-edge',
    title: 'an app of a company on Apigee Edge, whose keys we choose; signed in by OAuth with password and MFA code',
    simulator: {
      organization: 'acme',
      flavour: 'edge',
      // So short that the demo lives through several.
      accessTokenSeconds: 75,
      edgeLogin: { totpSecret: 'JBSWY3DPEHPK3PXP' },
      unsettled: { companyPostMints: false },
    },
    app: { company, app },
    seed: (key) => ({ products, companies: [{ name: company, apps: [appOf(app, key)] }] }),
    provider: ({ tokenUrl }) => ({ flavour: 'edge', auth: { as: 'oauth', tokenUrl } }),
    adminSecret: ({ edgeLogin }) =>
      JSON.stringify({ username: edgeLogin.username, password: edgeLogin.password(), totpSecret: 'JBSWY3DPEHPK3PXP' }),
  },
  'apigee-generated': {
    name: 'apigee-generated',
    title: 'a developer app of a private cloud (OPDK), whose keys only Apigee makes; signed in by user and password',
    simulator: { organization: 'acme', flavour: 'opdk' },
    app: { developer, app },
    seed: (key) => ({ products, developers: [{ email: developer, apps: [appOf(app, key)] }] }),
    provider: () => ({ flavour: 'opdk', mint: 'generated', auth: { as: 'basic' } }),
    adminSecret: ({ edgeLogin }) => JSON.stringify({ username: edgeLogin.username, password: edgeLogin.password() }),
  },
};

export function scenarioNamed(name: string): Scenario | undefined {
  return Object.values(scenarios).find((scenario) => scenario.name === name);
}

export const defaultScenario: Scenario = scenarios.apigee;
