import type { KeyView, SeedKey } from '@keyturn/apigateway-simulator/simulator';
import type { Faults, HandMade, StoredKey } from '@keyturn/credential-provider/provider-fixture';

import { keyIdIn, usualEntitlements } from './simulated-api-gateway.conformance.ts';

/** For tests: what is nearly a target. */
export const malformedTargets: readonly string[] = [
  'orders-client',
  'aord01/',
  '/orders-client',
  'aord01/ orders',
  'aord01/orders ',
  'AORD01/orders',
  'a-b/orders',
  '../orders',
  'aord01/../orders',
  'aord01/orders\n',
  'aord01/orders?x=y',
  'aord01/https://keys.example',
  `aord01/orders.${'a'.repeat(24)}`,
  `aord01/${'a'.repeat(300)}`,
];

/** For tests: all of a key made by hand but its value. One that nothing lets in stands for one that expired: keys of API Gateway never do. */
export function seedKeyOf(key: HandMade): Partial<SeedKey> & { readonly target?: string } {
  const names = key.expired === true ? [] : (key.entitlements ?? usualEntitlements);
  const tags = { Project: 'orders', CostCategory: '4711' };
  return {
    ...(key.target !== undefined && { target: key.target }),
    plans: names.map((name) => name.replace('plan:', '')),
    tags: key.mark === undefined ? tags : { ...tags, keyturn: key.mark },
    ...(key.disabled === true && { enabled: false }),
  };
}

/** For tests: a key of the simulator as the conformance suite compares it. */
export function storedKeyOf(key: KeyView): StoredKey {
  const { keyturn: mark, ...tags } = key.tags;
  const { plans, description, customerId } = key;
  return {
    keyId: keyIdIn(key),
    enabled: key.enabled,
    mark,
    expiresAt: undefined,
    rest: { plans, description, customerId, tags },
  };
}

type Answer = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };

const refused = (status: number, code: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
  body: '{"message":"Injected"}',
});

/** For tests: how the control plane answers then. */
export function troubleReply(trouble: Parameters<Faults['always']>[0]): Answer {
  switch (trouble) {
    case 'throttled':
      return refused(429, 'TooManyRequestsException');
    case 'unavailable':
      return refused(503, 'ServiceUnavailableException');
    case 'denied':
      return refused(403, 'AccessDeniedException');
    case 'nonsense':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' };
  }
}
