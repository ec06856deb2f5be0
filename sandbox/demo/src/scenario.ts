import type { ApigeeSimulator, AppName, Seed, SimulatorOptions } from '@keyturn/apigee-simulator/simulator';

import type { HandMadeKey } from './seed-app.ts';

/** Which provider is played: what the simulator is, where the key belongs, and how the adapter gets in. */
export type Scenario = {
  readonly name: ScenarioName;
  /** Whose key is rotated, for people. */
  readonly title: string;
  readonly simulator: Pick<SimulatorOptions, 'organization'>;
  readonly app: AppName;
  readonly seed: (key: HandMadeKey) => Seed;
  /** What the configuration says of the provider, besides its probes and times. */
  readonly provider: (apigee: ApigeeSimulator) => Readonly<Record<string, unknown>>;
  /** What the administrator put into the adapter's secret. */
  readonly adminSecret: (apigee: ApigeeSimulator) => string;
};

export const scenarioNames = ['apigee'] as const;
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
};

export function scenarioNamed(name: string): Scenario | undefined {
  return Object.values(scenarios).find((scenario) => scenario.name === name);
}

export const defaultScenario: Scenario = scenarios.apigee;
