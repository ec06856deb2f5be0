import { testCredentialProvider } from '@keyturn/credential-provider/conformance';
import type { Faults, ProviderFixture } from '@keyturn/credential-provider/provider-fixture';

import { malformedTargets, seedKeyOf, storedKeyOf, troubleReply } from './apigateway-fixture.conformance.ts';
import {
  otherTarget,
  simulatedApiGateway,
  target,
  unprobedTarget,
  usualEntitlements,
  type Interference,
  type SimulatedApiGateway,
} from './simulated-api-gateway.conformance.ts';

testCredentialProvider('API Gateway over HTTP', setUp);

async function setUp(): Promise<ProviderFixture> {
  const maxKeys = 12;
  const simulated = await simulatedApiGateway({ simulator: { maxKeys } });
  const { world, clock } = simulated;
  return {
    provider: simulated.provider,
    target,
    otherTarget,
    missingTarget: 'nowhere1/orders-client',
    malformedTargets,
    entitlements: usualEntitlements,
    manualEntitlement: undefined,
    maxKeys,
    tellsSecret: true,
    // A day, and an hour that the data lag.
    usageGrainMs: 25 * 3_600_000,
    canaries: [simulated.secretAccessKey],
    handMade: async (key = {}) => simulated.handMade({ target, ...seedKeyOf(key) }),
    stored: async (of) => simulated.stored(of).map(storedKeyOf),
    advance: (ms) => clock.sleep(ms),
    close: () => simulated.close(),
    switchOff: async () => {
      for (const plan of ['aord01', 'badm02']) world.hand.setOpen(plan, false);
    },
    unprobed: async () => ({ target: unprobedTarget, credential: simulated.handMade({ target: unprobedTarget }) }),
    acceptAnything: async () => simulated.acceptAnything(),
    faults: faults(simulated),
  };
}

function faults({ interfere }: SimulatedApiGateway): Faults {
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
    failBefore: (first) => interfere(nthWrite((nth) => (nth >= first ? troubleReply('unavailable') : 'pass'))),
    always: (trouble) => interfere(() => troubleReply(trouble)),
    calm: () => interfere(() => 'pass'),
  };
}
