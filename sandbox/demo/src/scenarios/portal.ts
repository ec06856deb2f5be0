import { tokenApiSimulator } from '@keyturn/token-api-simulator/token-api-simulator';
import * as z from 'zod';

import type { Scenario } from '../simulated-provider.ts';

const app = 'orders-client';
const paths = ['/orders/42', '/invoices/7'] as const;
const pair = z.object({ client_id: z.string(), client_secret: z.string() });

/** What only people can do by themselves: log in, click "Create", and delete the old key, for there is room for two. */
export const portal: Scenario = {
  name: 'portal',
  providerId: 'portal',
  title: 'an app of a developer portal without an API: a login form, two keys at most',
  overlap: 'two-slot',
  async start({ nodes }) {
    // So short that the demo lives through several.
    const simulator = await tokenApiSimulator({ dialect: 'portal', nodes, portal: { sessionSeconds: 20 } });
    simulator.addTarget(app);
    const handMade = simulator.handMade({ target: app, name: 'orders, by hand' });
    const secretOf = (text: string) => pair.parse(JSON.parse(text)).client_secret;

    return {
      config: {
        kind: 'token',
        preset: 'developer-portal',
        parameters: { portal: simulator.managementUrl, gateway: simulator.gatewayUrl, probe: '/orders/ping' },
        // This portal lets people change the label of a key, so that Keyturn can put its mark on the one that was made by hand.
        requests: { label: { method: 'PUT', path: '/api/apps/{target}/keys/{keyId}', json: { label: '{label}' } } },
        targets: { known: [app] },
        adminSecret: 'keyturn/portal-admin',
        allowHttp: ['127.0.0.1'],
      },
      adminSecret: JSON.stringify(simulator.admin()),
      shape: { keyId: '/client_id', secret: '/client_secret' },
      pasted: JSON.stringify({ client_id: handMade.keyId, client_secret: handMade.secret }),
      adopt: [],
      application: {
        as: 'http',
        urls: paths.map((path) => `${simulator.gatewayUrl}${path}`),
        header: 'x-api-key',
        field: 'client_secret',
        errorCode: ['error'],
      },
      keys: () => simulator.stored(app).map(({ keyId, enabled }) => ({ keyId, enabled })),
      disable: (keyId) => simulator.hand.remove(keyId),
      keyIdOf: (text) => pair.parse(JSON.parse(text)).client_id,
      async isRefused(text) {
        const asked = simulator.nodeUrls.map(async (url) => {
          const { status } = await fetch(`${url}${paths[0]}`, { headers: { 'x-api-key': secretOf(text) } });
          return status === 401;
        });
        return (await Promise.all(asked)).every(Boolean);
      },
      get canaries() {
        return simulator.confidential();
      },
      endpoints: {
        portal: simulator.managementUrl,
        gateway: simulator.gatewayUrl,
        nodes: simulator.nodeUrls,
        app,
        paths,
      },
      close: () => simulator.close(),
    };
  },
};
