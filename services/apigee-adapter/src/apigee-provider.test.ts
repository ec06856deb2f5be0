import { testCredentialProvider } from '@keyturn/credential-provider/conformance';
import type { Faults, HandMade, SetUp, StoredKey } from '@keyturn/credential-provider/provider-fixture';
import type { ProbeConfig } from '@keyturn/config/config';

import {
  otherTarget,
  simulatedApigee,
  target,
  unprobedTarget,
  type Interference,
  type SimulatedApigee,
} from './simulated-apigee.conformance.ts';

const sends: Readonly<Record<string, ProbeConfig['send']>> = {
  'probed with the key in a header': { as: 'header', name: 'x-apikey' },
  'probed with client credentials': { as: 'clientCredentials', tokenPath: '/oauth/token' },
};

for (const [name, send] of Object.entries(sends)) testCredentialProvider(`Apigee ${name}`, setUp(send));

function setUp(send: ProbeConfig['send']): SetUp {
  return async () => {
    const simulated = await simulatedApigee({ send });
    const { apigee, clock } = simulated;
    return {
      provider: simulated.provider,
      target,
      otherTarget,
      missingTarget: 'developers/dev@example.com/apps/nowhere',
      malformedTargets: [
        'developers/dev@example.com/apps/',
        'developers/dev@example.com/apps/..',
        'developers/dev@example.com/apps/a/keys/b',
        'developers/dev@example.com/apps//a',
        'developers/dev@example.com/apps/a?b',
        'developers/dev@example.com/apps/a#b',
        'developers/dev@example.com/apps/a\\b',
        'developers/dev@example.com/apps/a\n',
        'developers/dev/apps/a',
        'developers/../apps/a',
        'developers/@/apps/a',
        'companies/acme/apps/a',
        '/developers/dev@example.com/apps/a',
        'developers/dev@example.com%2Fapps/a',
      ],
      entitlements: ['product:orders', 'product:orders-admin', 'scope:read'],
      // Without leave to approve it, the adapter refuses to go on: issue-credential.test.ts.
      manualEntitlement: undefined,
      maxKeys: 10,
      tellsSecret: true,
      canaries: [simulated.token],
      handMade: async (key = {}) => simulated.handMade(seedOf(key, clock.now())),
      stored: async (name) => stored(simulated, name),
      advance: (ms) => clock.sleep(ms),
      close: () => simulated.close(),
      switchOff: async () => apigee.hand.setAppStatus(simulated.appOf(target), 'revoked'),
      unprobed: async () => ({ target: unprobedTarget, credential: simulated.handMade({ target: unprobedTarget }) }),
      acceptAnything: async () => simulated.acceptAnything(),
      faults: faults(simulated),
    };
  };
}

function seedOf(key: HandMade, now: number) {
  const names = key.entitlements ?? ['product:orders', 'product:orders-admin', 'scope:read'];
  const of = (kind: string) => names.flatMap((one) => (one.startsWith(kind) ? [one.slice(kind.length)] : []));
  const team = { name: 'Team', value: 'Orders' };
  return {
    ...(key.target !== undefined && { target: key.target }),
    products: of('product:'),
    scopes: of('scope:'),
    attributes: key.mark === undefined ? [team] : [team, { name: 'keyturn', value: key.mark }],
    ...(key.disabled === true && { status: 'revoked' as const }),
    ...(key.expired === true && { expiresAt: now - 1 }),
  };
}

function stored({ apigee, appOf }: SimulatedApigee, name: string): StoredKey[] {
  return apigee.keys(appOf(name)).map(({ consumerKey, status, attributes, expiresAt, products, scopes }) => ({
    keyId: consumerKey,
    enabled: status === 'approved',
    mark: attributes.find((one) => one.name === 'keyturn')?.value,
    expiresAt: expiresAt ?? undefined,
    rest: { products, scopes, attributes: attributes.filter((one) => one.name !== 'keyturn') },
  }));
}

function faults({ interfere }: SimulatedApigee): Faults {
  const nthWrite = (interference: (nth: number) => ReturnType<Interference>): Interference => {
    let writes = 0;
    return ({ method }) => {
      if (method === 'GET') return 'pass';
      writes += 1;
      return interference(writes);
    };
  };
  const json = { 'content-type': 'application/json' };
  const denied = JSON.stringify({ error: { code: 403, message: 'Permission denied', status: 'PERMISSION_DENIED' } });
  return {
    loseAnswer: (lost) => interfere(nthWrite((nth) => (nth === lost ? 'lose' : 'pass'))),
    failBefore: (first) => interfere(nthWrite((nth) => (nth >= first ? { status: 503 } : 'pass'))),
    always: (trouble) =>
      interfere(() => {
        switch (trouble) {
          case 'throttled':
            return { status: 429, headers: { 'retry-after': '1' } };
          case 'unavailable':
            return { status: 503, body: '<html>' };
          case 'denied':
            return { status: 403, headers: json, body: denied };
          case 'nonsense':
            return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' };
        }
      }),
    calm: () => interfere(() => 'pass'),
  };
}
