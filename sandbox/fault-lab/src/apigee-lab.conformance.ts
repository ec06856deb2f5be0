import {
  malformedTargets,
  seedKeyOf,
  storedKeyOf,
  troubleReply,
  usualEntitlements,
} from '@keyturn/apigee-adapter/apigee-fixture.conformance';
import { addKeyByHand, longAgo } from '@keyturn/apigee-simulator/seed-organization';
import { appNamed } from '@keyturn/apigee-simulator/hand';
import type { Faults, SetUp } from '@keyturn/credential-provider/provider-fixture';
import type { RawAnswer } from '@keyturn/http/http-exchange';
import { credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';

import { apigeeLab } from './apigee-world.ts';
import type { Reach } from './lab-provider.ts';

export const startAt = 1_800_000_000_000;

/** For tests: a clock that moves when somebody sleeps. */
export function labClock() {
  let now = startAt;
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
}

/** For tests: `text-1-…`, `text-2-…`, long enough for a key. */
export function counted(): () => string {
  let last = 0;
  return () => `text-${(last += 1)}-${'abcdefgh'.repeat(4)}`;
}

/** For tests: the adapter in the lab as the conformance suite wants it, its troubles by `reach`. */
export function labFixture(mint: 'chosen' | 'generated'): SetUp {
  return async () => {
    const clock = labClock();
    const newText = counted();
    const canaries: string[] = [];
    let interference: Interference = (_, run) => run();
    const reach: Reach = async (name, run) => {
      const answer: unknown = await interference(name, run);
      if (name.startsWith('google')) canaries.push(/ya29\.[\w-]+/.exec(JSON.stringify(answer))?.[0] ?? '');
      return answer as never;
    };
    const { provider, apigee } = apigeeLab(mint, { clock, reach, newText });
    const [target, otherTarget] = provider.targets;
    const unprobedTarget = target.replace(/[^/]+$/, 'unprobed');
    const names = new Map([target, otherTarget, unprobedTarget].map((one) => [one, nameOf(one)]));
    apigee.seed({
      products: [{ name: 'invoices', paths: ['/invoices'] }],
      developers: [{ email: nameOf(unprobedTarget).developer, apps: [{ name: 'unprobed' }] }],
    });
    const make = (key: ReturnType<typeof seedKeyOf>) => {
      const made = { consumerKey: newText(), consumerSecret: newText(), ...key };
      const app = appNamed(apigee.org, names.get(key.target ?? target) ?? '');
      addKeyByHand(apigee.org, app, made, clock.now(), longAgo);
      return credential(made.consumerKey, made.consumerSecret);
    };
    return {
      provider: { ...provider.issue, ...provider.retire },
      target,
      otherTarget,
      missingTarget: target.replace(/[^/]+$/, 'nowhere'),
      malformedTargets: malformedTargets(target, 'x'),
      entitlements: usualEntitlements,
      // Without leave to approve it, the adapter refuses to go on: issue-credential.test.ts of the adapter.
      manualEntitlement: undefined,
      maxKeys: 10,
      tellsSecret: true,
      canaries,
      handMade: async (key = {}) => make(seedKeyOf(key, clock.now())),
      stored: async (of) => apigee.keys(names.get(of) ?? '').map(storedKeyOf),
      advance: (ms) => clock.sleep(ms),
      async close() {
        const unfit = apigee.requests().filter(({ fits }) => fits === false);
        if (unfit.length > 0) throw new Error(`Not as Google describes it: ${JSON.stringify(unfit)}`);
      },
      switchOff: async () => provider.hand.switchOff(target),
      unprobed: async () => {
        const key = make({ target: unprobedTarget, products: ['invoices'] });
        return { target: unprobedTarget, credential: key };
      },
      acceptAnything: async () => {
        interference = (name, run) => (name.startsWith('gateway') ? { status: 200, headers: {}, text: '' } : run());
      },
      faults: faults((next) => {
        interference = next;
      }),
    };
  };
}

type Interference = (name: string, run: () => unknown) => unknown;

function nameOf(target: string) {
  const [, developer = '', , app = ''] = target.split('/');
  return { developer, app };
}

function faults(interfere: (interference: Interference) => void): Faults {
  const nthWrite = (meet: (nth: number, run: () => unknown) => unknown): Interference => {
    let writes = 0;
    return (name, run) => {
      if (!/^apigee (?!GET)/.test(name)) return run();
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
      const { body: text, ...reply } = troubleReply(trouble);
      interfere((name, run) => (name.startsWith('apigee') ? ({ ...reply, text } satisfies RawAnswer) : run()));
    },
    calm: () => interfere((_, run) => run()),
  };
}
