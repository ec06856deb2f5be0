import type { Flavour } from '@keyturn/apigee-simulator/simulator';
import type { ApigeeConfig, ProbeConfig } from '@keyturn/config/config';
import { testCredentialProvider } from '@keyturn/credential-provider/conformance';
import type { Faults, HandMade, SetUp, StoredKey } from '@keyturn/credential-provider/provider-fixture';

import {
  simulatedApigee,
  targetsOf,
  type Interference,
  type OwnerKind,
  type SimulatedApigee,
} from './simulated-apigee.conformance.ts';

const sends = [
  { as: 'header', name: 'x-apikey' },
  { as: 'clientCredentials', tokenPath: '/oauth/token' },
] as const satisfies readonly ProbeConfig['send'][];

/** The contract of CredentialProvider for every owner of a flavour, whoever chooses the key, over HTTP to the simulator. */
export function testFlavour(flavour: Flavour, owners: readonly OwnerKind[]): void {
  const [byKey, byToken] = sends;
  for (const owner of owners) {
    for (const mint of ['chosen', 'generated'] as const) {
      const kind = { flavour, owner, mint, send: byKey, analytics: mint === 'generated' };
      testCredentialProvider(`Apigee ${flavour}, ${mint} keys of ${owner}`, setUp(kind));
    }
  }
  const kind = { flavour, owner: 'developers', mint: 'chosen', send: byToken, analytics: true } as const;
  testCredentialProvider(`Apigee ${flavour}, probed with client credentials`, setUp(kind));
}

type Kind = {
  readonly flavour: Flavour;
  readonly owner: OwnerKind;
  readonly mint: ApigeeConfig['mint'];
  readonly send: ProbeConfig['send'];
  readonly analytics: boolean;
};

function setUp({ owner, ...kind }: Kind): SetUp {
  const { target, otherTarget, unprobedTarget } = targetsOf(owner);
  const [at] = target.split('/apps/');
  return async () => {
    const simulated = await simulatedApigee(kind);
    const { apigee, clock } = simulated;
    return {
      provider: simulated.provider,
      target,
      otherTarget,
      missingTarget: `${at}/apps/nowhere`,
      malformedTargets: [
        ...['', '..', 'a/keys/b', '/a', 'a?b', 'a#b', 'a\\b', 'a\n'].map((app) => `${at}/apps/${app}`),
        ...['developers/dev', 'developers/..', 'developers/@', 'companies/a@b.c', 'appgroups/..', 'somebody/acme'].map(
          (other) => `${other}/apps/a`,
        ),
        kind.flavour === 'x' || kind.flavour === 'hybrid' ? 'companies/acme/apps/a' : 'appgroups/acme/apps/a',
        `/${target}`,
        target.replace('/apps/', '%2Fapps/'),
      ],
      entitlements: ['product:orders', 'product:orders-admin', 'scope:read'],
      // Without leave to approve it, the adapter refuses to go on: issue-credential.test.ts.
      manualEntitlement: undefined,
      maxKeys: kind.flavour === 'x' || kind.flavour === 'hybrid' ? 10 : 100,
      tellsSecret: true,
      canaries: [simulated.token],
      handMade: async (key = {}) => simulated.handMade({ target, ...seedOf(key, clock.now()) }),
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
