import { randomBytes } from 'node:crypto';

import type { ApigeeSimulator } from '@keyturn/apigee-simulator/simulator';

import type { Scenario } from './scenario.ts';

export type HandMadeKey = { readonly consumerKey: string; readonly consumerSecret: string };

/** What the key is used for: each path belongs to an API product of its own, and the probe looks at the first alone. */
export const apiPaths = ['/orders/42', '/invoices/7'] as const;

/** The app of the scenario, with the key that a person made. */
export function seedApp(apigee: ApigeeSimulator, scenario: Scenario): HandMadeKey {
  const key = {
    consumerKey: randomBytes(24).toString('base64url'),
    consumerSecret: randomBytes(24).toString('base64url'),
  };
  apigee.seed(scenario.seed(key));
  return key;
}
