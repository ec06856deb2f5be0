import {
  malformedTargets,
  seedKeyOf,
  storedKeyOf,
  troubleReply,
} from '@keyturn/apigateway-adapter/apigateway-fixture.conformance';
import { testCredentialProvider } from '@keyturn/credential-provider/conformance';
import type { Faults, ProviderFixture } from '@keyturn/credential-provider/provider-fixture';
import { credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';

import { counted, labClock } from './apigee-lab.conformance.ts';
import { apigatewayLab } from './apigateway-world.ts';

type Interference = (name: string, run: () => unknown) => unknown;

testCredentialProvider('API Gateway in the lab', async (): Promise<ProviderFixture> => {
  const clock = labClock();
  let interference: Interference = (_, run) => run();
  const reach = async (name: string, run: () => unknown) => (await interference(name, run)) as never;
  const { provider, world } = apigatewayLab({ clock, reach, newText: counted() });
  const [target, otherTarget] = provider.targets;
  const entitlements = ['plan:orders', 'plan:reports'];
  const plansOf = (of: string) => (of === target ? ['orders', 'reports'] : ['billing', 'more']);
  const stored = (of: string) =>
    world.keys().filter(({ name }) => `${of.split('/')[1]}` === name.replace(/\.[A-Za-z0-9]{24}$/, ''));
  return {
    provider: { ...provider.issue, ...provider.retire },
    target,
    otherTarget,
    missingTarget: 'nowhere/orders-client',
    malformedTargets,
    entitlements,
    manualEntitlement: undefined,
    maxKeys: undefined,
    tellsSecret: true,
    canaries: ['of-the-lab'],
    handMade: async (key = {}) => {
      const { target: of = target, ...seeded } = seedKeyOf({ entitlements: entitlements, ...key });
      const plans = key.entitlements === undefined && key.expired !== true ? plansOf(of) : seeded.plans;
      const made = world.hand.addKey({ name: of.split('/')[1] ?? '', ...seeded, ...(plans && { plans }) });
      return credential(made.id, made.value);
    },
    stored: async (of) => stored(of).map(storedKeyOf),
    advance: (ms) => clock.sleep(ms),
    close: async () => {},
    switchOff: async () => provider.hand.switchOff(target),
    acceptAnything: async () => {
      interference = (name, run) => (name.startsWith('gateway') ? { status: 200, headers: {}, text: '' } : run());
    },
    faults: faults((next) => {
      interference = next;
    }),
  };
});

function faults(interfere: (interference: Interference) => void): Faults {
  const nthWrite = (meet: (nth: number, run: () => unknown) => unknown): Interference => {
    let writes = 0;
    return (name, run) => {
      if (!/^apigateway (?!GET)/.test(name)) return run();
      writes += 1;
      return meet(writes, run);
    };
  };
  return {
    loseAnswer: (lost) =>
      interfere(
        nthWrite(async (nth, run) => {
          const answer = await run();
          if (nth === lost) throw new TransientError('no answer');
          return answer;
        }),
      ),
    failBefore: (first) =>
      interfere(
        nthWrite((nth, run) => {
          if (nth >= first) throw new TransientError('no answer');
          return run();
        }),
      ),
    always(trouble) {
      const { status: statusCode, headers, body } = troubleReply(trouble);
      interfere((name, run) =>
        name.startsWith('apigateway') ? { response: { statusCode, headers, body: Buffer.from(body) } } : run(),
      );
    },
    calm: () => interfere((_, run) => run()),
  };
}
