import { createHash } from 'node:crypto';

import { apiGatewayClient } from '@keyturn/apigateway-adapter/api-gateway-client';
import { apigatewayProvider } from '@keyturn/apigateway-adapter/apigateway-provider';
import { sdkApiKeys } from '@keyturn/apigateway-adapter/sdk-api-keys';
import { keyIdOf } from '@keyturn/apigateway-adapter/target';
import { apiGatewayWorld } from '@keyturn/apigateway-simulator/api-gateway-world';
import type { ApiGatewayWorld, KeyView } from '@keyturn/apigateway-simulator/simulator';
import type { NodeTiming } from '@keyturn/apigee-simulator/simulator';
import { apigateway as apigatewaySchema } from '@keyturn/config/apigateway-config';
import { credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import { callInProcess } from './apigee-call.ts';
import type { LabKey, LabProvider, LabProviderOptions } from './lab-provider.ts';
import { sdkInProcess } from './sdk-in-process.ts';

const stagesUrl = 'https://orders.acme.example';
const probedPath = '/orders/prod/1';
const managementUrl = 'https://apigateway.eu-west-1.amazonaws.com';

// Parsed once: a run makes thousands of worlds.
const config = apigatewaySchema.parse({
  kind: 'apigateway',
  endpointUrl: managementUrl,
  urls: { orders: stagesUrl },
  probes: [{ id: 'orders', url: 'orders', path: probedPath }],
  propagation: '30s',
  revocation: '3m',
});

/** One that remembers what it did not know, one that is late in everything, one that learns at once and forgets late; none slower than configured. */
const nodes: readonly NodeTiming[] = [
  { propagationMs: 5000, productPropagationMs: 8000, revocationMs: 0, negativeMs: 10_000 },
  { propagationMs: 20_000, productPropagationMs: 30_000, revocationMs: 180_000, negativeMs: 0 },
  { propagationMs: 0, revocationMs: 60_000, negativeMs: 0 },
];

const targets = ['orders/orders-client', 'billing/billing-client'] as const;
/** Of each target: the plan that it names, and one more that its keys may have. */
const plansOf = { [targets[0]]: ['orders', 'reports'], [targets[1]]: ['billing', 'more'] } as const;

const seed = [
  { id: 'orders', stages: ['orders/prod'] },
  { id: 'reports', stages: ['reports/prod'] },
  // The same stage: keys of both targets are used at one path.
  { id: 'billing', stages: ['orders/prod'] },
  { id: 'more', stages: ['more/prod'] },
];

/** The API Gateway adapter and the SDK as they are shipped, over API Gateway in this process: no sockets, no timers, nothing by chance. */
export function apigatewayLabProvider(options: LabProviderOptions): LabProvider {
  return apigatewayLab(options).provider;
}

/** The same with what stands behind it, for tests. */
export function apigatewayLab(options: LabProviderOptions): { provider: LabProvider; world: ApiGatewayWorld } {
  const { clock, newText, reach } = options;
  const digest = (length: number) => () => createHash('sha256').update(newText()).digest('hex').slice(0, length);
  const world = apiGatewayWorld({ clock, nodes, newId: digest(10), newValue: digest(40) });
  world.seed(seed);
  const respond = callInProcess({
    reach,
    clock,
    hosts: { [new URL(stagesUrl).host]: { name: 'gateway', serve: world.gateway } },
  });
  const ports = { clock, random: () => 0.5 };
  // As on AWS: two functions.
  const adapter = () =>
    apigatewayProvider({
      ...ports,
      config,
      respond,
      randomBytes: bytesOf(newText),
      api: sdkApiKeys({
        ...ports,
        client: apiGatewayClient({
          endpoint: managementUrl,
          region: 'eu-west-1',
          credentials: { accessKeyId: 'ASIALAB', secretAccessKey: 'of-the-lab' },
          requestHandler: sdkInProcess({ name: 'apigateway', reach, serve: world.management }),
        }),
      }),
    });
  const provider = { ...seenBehind(world), issue: adapter(), retire: adapter(), clientSuppliedKey: true, targets };
  return { provider, world };
}

// As random as the text: the same in every run, and never the same twice.
function bytesOf(newText: () => string): RandomBytes {
  return (size) => {
    const chunks: Buffer[] = [];
    for (let length = 0; length < size; length += 32) chunks.push(createHash('sha256').update(newText()).digest());
    return Buffer.concat(chunks).subarray(0, size);
  };
}

type Seen = Pick<LabProvider, 'handMade' | 'stored' | 'acceptedBy' | 'hand'>;

function seenBehind(world: ApiGatewayWorld): Seen {
  const { hand } = world;
  const keysOf = (target: string): readonly KeyView[] => {
    const [, name = ''] = target.split('/');
    return world.keys().filter((key) => key.name === name || key.name.startsWith(`${name}.`));
  };
  // A person does nothing to a key that the console does not show any more.
  const ifThere = (target: string, keyId: string, act: (id: string) => void) => {
    const key = keysOf(target).find((one) => publicId(one) === keyId);
    if (key !== undefined) act(key.id);
  };
  return {
    handMade({ target, mark }) {
      const [plan = '', name = ''] = target.split('/');
      const tags = { Project: 'orders', ...(mark !== undefined && { keyturn: mark }) };
      const made = hand.addKey({ name, plans: [plan], tags, description: 'By hand' });
      return credential(made.id, made.value);
    },
    stored: (target) => keysOf(target).map(labKey),
    acceptedBy: ({ secret }) => world.acceptedBy(secret.reveal(), probedPath),
    hand: {
      remove: (target, keyId) => ifThere(target, keyId, (id) => hand.deleteKey(id)),
      disable: (target, keyId) => ifThere(target, keyId, (id) => hand.setEnabled(id, false)),
      enable: (target, keyId) => ifThere(target, keyId, (id) => hand.setEnabled(id, true)),
      changeEntitlements(target) {
        const [, more] = plansIn(target);
        const keys = keysOf(target);
        const taken = keys.some(({ plans }) => plans.includes(more));
        for (const { id } of keys)
          if (taken) hand.detach(id, more);
          else hand.attach(id, more);
      },
      switchOff: (target) => plansIn(target).forEach((plan) => hand.setOpen(plan, false)),
      switchOn: (target) => plansIn(target).forEach((plan) => hand.setOpen(plan, true)),
    },
  };
}

function plansIn(target: string): (typeof plansOf)[keyof typeof plansOf] {
  const known = targets.find((one) => one === target);
  if (known === undefined) throw new Error(`The lab has no target ${target}`);
  return plansOf[known];
}

const publicId = ({ id, name }: Pick<KeyView, 'id' | 'name'>): string => keyIdOf({ id: hidden(id), name });

function labKey(key: KeyView): LabKey {
  return {
    keyId: publicId(key),
    secret: key.value,
    enabled: key.enabled,
    mark: key.tags['keyturn'],
    issuedAt: key.createdAt,
    entitlements: key.plans.map((plan) => `plan:${plan}`),
  };
}
