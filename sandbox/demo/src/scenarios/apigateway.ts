import { apiGatewayClient } from '@keyturn/apigateway-adapter/api-gateway-client';
import { apigatewayProvider } from '@keyturn/apigateway-adapter/apigateway-provider';
import { sdkApiKeys } from '@keyturn/apigateway-adapter/sdk-api-keys';
import { keyIdOf } from '@keyturn/apigateway-adapter/target';
import { apiGatewaySimulator } from '@keyturn/apigateway-simulator/api-gateway-simulator';
import type { ApiGatewaySimulator, KeyView } from '@keyturn/apigateway-simulator/simulator';
import { systemClock } from '@keyturn/lambda/system-clock';
import { systemRandom, systemRandomBytes } from '@keyturn/lambda/system-random';
import { hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import type { Scenario, SimulatedProvider } from '../simulated-provider.ts';
import { withoutEntitlements } from '../without-entitlements.ts';

const keyName = 'orders-client';
/** A usage plan for each stage; the probe looks at the first alone. */
const plans = [
  { id: 'orders01', stages: ['orders/prod'] },
  { id: 'stock02', stages: ['stock/prod'] },
];
const paths = ['/orders/prod/42', '/stock/prod/7'] as const;
const costTags = { Project: 'orders', CostCategory: '4711' };
const pair = z.object({ apiKey: z.string(), apiKeyValue: z.string() });

export const apigateway: Scenario = {
  name: 'apigateway',
  providerId: 'apigateway',
  title: 'an API key of AWS API Gateway, in two usage plans; the secret holds what a well-known rotation function left',
  overlap: 'multi',
  safeguards: ['hold-off', 'grace', 'entitlements'],
  careless: ({ config }) => {
    if (config.kind !== 'apigateway') throw new Error('The configuration is of another provider');
    const ports = { clock: systemClock, random: systemRandom };
    const client = apiGatewayClient({
      endpoint: config.endpointUrl,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const api = sdkApiKeys({ ...ports, client });
    return withoutEntitlements(apigatewayProvider({ ...ports, config, api, randomBytes: systemRandomBytes }), [
      'plan:orders01',
    ]);
  },
  start: async ({ nodes }) => simulated(await apiGatewaySimulator({ nodes })),
};

function simulated(simulator: ApiGatewaySimulator): SimulatedProvider {
  simulator.seed(plans);
  const planIds = plans.map(({ id }) => id);
  const clicked = simulator.hand.addKey({ name: keyName, plans: planIds, tags: costTags, description: 'The shop' });
  const keyIdIn = ({ id, name }: KeyView) => keyIdOf({ id: hidden(id), name });
  const urlsAt = (gateway: string) => paths.map((path) => `${gateway}${path}`);

  return {
    config: {
      kind: 'apigateway',
      endpointUrl: simulator.managementUrl,
      urls: { stages: simulator.gatewayUrl },
      allowHttp: ['127.0.0.1'],
      probes: [{ id: 'orders', url: 'stages', path: '/orders/prod/ping' }],
    },
    adminSecret: undefined,
    shape: { keyId: '/apiKey', secret: '/apiKeyValue' },
    pasted: JSON.stringify({ apiKey: clicked.id, apiKeyValue: clicked.value }),
    tags: { KeyName: keyName, UsagePlan: 'orders01', ...costTags },
    adopt: [],
    application: {
      as: 'http',
      urls: urlsAt(simulator.gatewayUrl),
      header: 'x-api-key',
      field: 'apiKeyValue',
      errorCode: ['message'],
    },
    keys: () => simulator.keys().map((key) => ({ keyId: keyIdIn(key), enabled: key.enabled && key.plans.length > 0 })),
    disable(keyId) {
      const key = simulator.keys().find((one) => keyIdIn(one) === keyId);
      if (key !== undefined) simulator.hand.setEnabled(key.id, false);
    },
    keyIdOf: (text) => pair.parse(JSON.parse(text)).apiKey,
    async isRefused(text) {
      const { apiKeyValue } = pair.parse(JSON.parse(text));
      const asked = simulator.nodeUrls.flatMap(urlsAt).map(async (url) => {
        const { status } = await fetch(url, { headers: { 'x-api-key': apiKeyValue } });
        return status === 403;
      });
      return (await Promise.all(asked)).every(Boolean);
    },
    canaries: [],
    endpoints: {
      management: simulator.managementUrl,
      gateway: simulator.gatewayUrl,
      nodes: simulator.nodeUrls,
      usagePlans: planIds,
      paths,
    },
    close: () => simulator.close(),
  };
}
