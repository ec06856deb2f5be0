import * as fc from 'fast-check';

import { signed } from './counterexamples.ts';
import { deliveryFaults, faultKinds } from './fault.ts';
import { intruders } from './intruders.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { disturbable, inWords, play, type Plan, type Played, type StoryName } from './play.ts';

export type Counterexample = { readonly plan: Plan; readonly violation: string };

/** Calls that take such times overtake each other: seconds apart, or in the same moment. */
const latencies = [0, 1, 7, 60, 400, 2500];

type Kind = { readonly races: boolean };

/**
 * Up to six faults and three intruders anywhere, and in half of the runs (`races`: in all) calls that take time, so that everything that runs at the same
 * time races. One run in five has two rotations within one grace, which takes twice as long as one.
 */
export async function anyPlan(provider: LabProviderFactory, kind: Kind): Promise<fc.Arbitrary<Plan>> {
  return fc.oneof(
    { weight: 4, arbitrary: await anyPlanOf('one', provider, kind) },
    { weight: 1, arbitrary: await anyPlanOf('two', provider, kind) },
  );
}

async function anyPlanOf(story: StoryName, provider: LabProviderFactory, { races }: Kind): Promise<fc.Arbitrary<Plan>> {
  const last = (await disturbable(provider, story)).length * 1.3;
  const at = fc.nat({ max: Math.floor(last) });
  const fault = fc.record({ at, kind: fc.constantFrom(...faultKinds, ...deliveryFaults) });
  const intrusion = fc.record({ at, who: fc.constantFrom(...Object.keys(intruders)) });
  const raced = fc.array(fc.constantFrom(...latencies), { minLength: 1, maxLength: 40 });
  return fc.record({
    story: fc.constant(story),
    faults: fc.array(fault, { maxLength: 6 }),
    intrusions: fc.array(intrusion, { maxLength: 3 }),
    latencies: races ? raced : fc.option(raced, { nil: undefined, freq: 1 }),
  });
}

/** The first plan that breaks something is shrunk to the smallest that still does. `played` hears of each run. */
export async function searchAtRandom(
  provider: LabProviderFactory,
  {
    seed,
    runs,
    races,
    played,
  }: { seed: number; runs: number; races: boolean; played: (plan: Plan, struck: Played['struck']) => void },
): Promise<Counterexample | undefined> {
  const result = await fc.check(
    fc.asyncProperty(await anyPlan(provider, { races }), async (plan) => {
      const { violations, struck } = await play(provider, plan);
      played(plan, struck);
      return violations.length === 0;
    }),
    { seed, numRuns: runs, endOnFailure: false },
  );
  const [plan] = result.counterexample ?? [];
  if (plan === undefined) return undefined;
  const found = await play(provider, plan);
  return { plan: signed(plan, found.calls), violation: inWords(found) };
}
