import type { Flavour } from '@keyturn/apigee-simulator/simulator';
import type { ApigeeConfig, ProbeConfig } from '@keyturn/config/config';
import { testCredentialProvider } from '@keyturn/credential-provider/conformance';
import type { Faults, SetUp } from '@keyturn/credential-provider/provider-fixture';

import {
  malformedTargets,
  seedKeyOf,
  storedKeyOf,
  troubleReply,
  usualEntitlements,
} from './apigee-fixture.conformance.ts';
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
      malformedTargets: malformedTargets(target, kind.flavour),
      entitlements: usualEntitlements,
      // Without leave to approve it, the adapter refuses to go on: issue-credential.test.ts.
      manualEntitlement: undefined,
      maxKeys: kind.flavour === 'x' || kind.flavour === 'hybrid' ? 10 : 100,
      tellsSecret: true,
      canaries: [simulated.token],
      handMade: async (key = {}) => simulated.handMade({ target, ...seedKeyOf(key, clock.now()) }),
      stored: async (name) => apigee.keys(simulated.appOf(name)).map(storedKeyOf),
      // Statistics are by the hour, and an hour late.
      usageGrainMs: 7_200_000,
      advance: (ms) => clock.sleep(ms),
      close: () => simulated.close(),
      switchOff: async () => apigee.hand.setAppStatus(simulated.appOf(target), 'revoked'),
      unprobed: async () => ({ target: unprobedTarget, credential: simulated.handMade({ target: unprobedTarget }) }),
      acceptAnything: async () => simulated.acceptAnything(),
      faults: faults(simulated),
    };
  };
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
  return {
    loseAnswer: (lost) => interfere(nthWrite((nth) => (nth === lost ? 'lose' : 'pass'))),
    failBefore: (first) => interfere(nthWrite((nth) => (nth >= first ? { status: 503 } : 'pass'))),
    always: (trouble) => interfere(() => troubleReply(trouble)),
    calm: () => interfere(() => 'pass'),
  };
}
