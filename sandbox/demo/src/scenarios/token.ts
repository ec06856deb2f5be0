import { keysDescription } from '@keyturn/token-adapter/simulated-api.conformance';
import { tokenApiSimulator, type TokenApiSimulator } from '@keyturn/token-api-simulator/token-api-simulator';
import * as z from 'zod';

import type { Scenario, SimulatedProvider } from '../simulated-provider.ts';

const project = 'orders';
const path = '/v1/orders/42';
const pair = z.object({ key_id: z.string(), api_key: z.string() });

export const token: Scenario = {
  name: 'token',
  providerId: 'vendor',
  title: 'a key of an API that issues tokens, described in the configuration; the API makes the key and tells it once',
  overlap: 'multi',
  start: async ({ nodes }) => simulated(await tokenApiSimulator({ dialect: 'keys', nodes })),
};

function simulated(api: TokenApiSimulator): SimulatedProvider {
  api.addTarget(project);
  const made = api.handMade({ target: project, name: 'Orders, made by hand', scopes: ['read'] });
  const asBearer = (text: string) => ({ authorization: `Bearer ${pair.parse(JSON.parse(text)).api_key}` });
  const { targets, ...description } = keysDescription;

  return {
    config: {
      kind: 'token',
      ...description,
      targets: { form: targets.form, known: [project] },
      adminSecret: 'keyturn/vendor-admin',
      urls: { api: api.managementUrl, gateway: api.gatewayUrl },
      allowHttp: ['127.0.0.1'],
      probes: [{ id: 'use', url: 'gateway', path: '/v1/ping', headers: { authorization: 'Bearer {secret}' } }],
    },
    adminSecret: JSON.stringify(api.admin()),
    shape: { keyId: '/key_id', secret: '/api_key' },
    pasted: `{"key_id":"${made.keyId}","api_key":"${made.secret}","master_secret_id":"keyturn/vendor-admin"}`,
    adopt: [],
    application: {
      as: 'http',
      urls: [`${api.gatewayUrl}${path}`],
      header: 'authorization',
      prefix: 'Bearer ',
      field: 'api_key',
      errorCode: ['error', 'code'],
    },
    keys: () => api.stored(project).map(({ keyId, enabled }) => ({ keyId, enabled })),
    disable: (keyId) => api.hand.disable(keyId),
    keyIdOf: (text) => pair.parse(JSON.parse(text)).key_id,
    // `master_secret_id` is a name, and everybody may see it.
    secretsIn: (text) => Object.values(pair.parse(JSON.parse(text))),
    async isRefused(text) {
      const asked = api.nodeUrls.map(async (url) => (await fetch(url + path, { headers: asBearer(text) })).status);
      return (await Promise.all(asked)).every((status) => status === 401);
    },
    canaries: api.confidential(),
    endpoints: {
      management: api.managementUrl,
      gateway: api.gatewayUrl,
      nodes: api.nodeUrls,
      master: api.admin(),
      project,
    },
    close: () => api.close(),
  };
}
