import { randomBytes } from 'node:crypto';

import type { ApigeeSimulator } from '@keyturn/apigee-simulator/simulator';

export type HandMadeKey = { readonly consumerKey: string; readonly consumerSecret: string };

export const app = { developer: 'orders-team@acme.example', app: 'orders-client' };
/** What the key is used for: each path belongs to an API product of its own, and the probe looks at the first alone. */
export const apiPaths = ['/orders/42', '/invoices/7'] as const;

/** A developer app with a key that somebody clicked together: two products, a scope and attributes that have to survive. */
export function seedApp(apigee: ApigeeSimulator): HandMadeKey {
  const key = {
    consumerKey: randomBytes(24).toString('base64url'),
    consumerSecret: randomBytes(24).toString('base64url'),
  };
  apigee.seed({
    products: [
      { name: 'orders-v1', paths: ['/orders'], scopes: ['orders.read'] },
      { name: 'invoices-v1', paths: ['/invoices'] },
    ],
    developers: [
      {
        email: app.developer,
        apps: [
          {
            name: app.app,
            attributes: [{ name: 'DisplayName', value: 'Orders' }],
            keys: [
              {
                ...key,
                products: ['orders-v1', 'invoices-v1'],
                scopes: ['orders.read'],
                attributes: [{ name: 'cost-centre', value: '4711' }],
              },
            ],
          },
        ],
      },
    ],
  });
  return key;
}
