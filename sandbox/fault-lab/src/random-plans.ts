import * as fc from 'fast-check';

import { signed } from './counterexamples.ts';
import { deliveryFaults, faultKinds } from './fault.ts';
import { intruders } from './intruders.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { disturbable, inWords, play, type Plan, type Played, type StoryName } from './play.ts';

export type Counterexample = { readonly plan: Plan; readonly violation: string };

/** Calls that take such times overtake each other: seconds apart, or in the same moment. */
const latencies = [0, 1, 7, 60, 400, 2500];

export const randomModes = ['random', 'races', 'crowds'] as const;
export type RandomMode = (typeof randomModes)[number];

/**
 * `random`: up to six faults and three intruders anywhere, and in half of the runs (`races`: in all) calls that take time, so that everything that runs at the
 * same time races. `crowds`: two faults and two intruders within a dozen calls, and a third one anywhere. One run in five has two rotations within one grace, which
 * takes twice as long as one.
 */
export async function anyPlan(provider: LabProviderFactory, mode: RandomMode): Promise<fc.Arbitrary<Plan>> {
  return fc.oneof(
    { weight: 4, arbitrary: await anyPlanOf('one', provider, mode) },
    { weight: 1, arbitrary: await anyPlanOf('two', provider, mode) },
  );
}

async function anyPlanOf(
  story: StoryName,
  provider: LabProviderFactory,
  mode: RandomMode,
): Promise<fc.Arbitrary<Plan>> {
  const last = Math.floor((await disturbable(provider, story)).length * 1.3);
  const raced = fc.array(fc.constantFrom(...latencies), { minLength: 1, maxLength: 40 });
  const time = mode === 'races' ? raced : fc.option(raced, { nil: undefined, freq: 1 });
  const struck = mode === 'crowds' ? close(last) : anywhere(last);
  return fc
    .tuple(struck, time)
    .map(([{ faults, intrusions }, latencies]) => ({ story, faults, intrusions, latencies }));
}

type Trouble = fc.Arbitrary<Pick<Plan, 'faults' | 'intrusions'>>;
const kinds = fc.constantFrom(...faultKinds, ...deliveryFaults);
// A call goes wrong in one way; two strangers may come in one moment.
const faultsAt = (at: fc.Arbitrary<number>, maxLength: number) =>
  fc.uniqueArray(fc.record({ at, kind: kinds }), { maxLength, selector: (fault) => fault.at });
const strangers = fc.constantFrom(...Object.keys(intruders));

function anywhere(last: number): Trouble {
  const at = fc.nat({ max: last });
  return fc.record({
    faults: faultsAt(at, 6),
    intrusions: fc.array(fc.record({ at, who: strangers }), { maxLength: 3 }),
  });
}

const dozen = fc.nat({ max: 12 });

function close(last: number): Trouble {
  const at = fc.nat({ max: last });
  const near = fc.array(fc.record({ after: dozen, who: strangers }), { minLength: 1, maxLength: 2 });
  const far = fc.array(fc.record({ at, who: strangers }), { maxLength: 1 });
  return fc.tuple(at, faultsAt(dozen, 2), near, far).map(([first, faults, near, far]) => ({
    faults: faults.map(({ at: after, kind }) => ({ at: first + after, kind })),
    intrusions: [...near.map(({ after, who }) => ({ at: first + after, who })), ...far],
  }));
}

/** The first plan that breaks something is shrunk to the smallest that still does. `played` hears of each run. */
export async function searchAtRandom(
  provider: LabProviderFactory,
  {
    seed,
    runs,
    mode,
    played,
  }: { seed: number; runs: number; mode: RandomMode; played: (plan: Plan, played: Played) => void },
): Promise<Counterexample | undefined> {
  const result = await fc.check(
    fc.asyncProperty(await anyPlan(provider, mode), async (plan) => {
      const run = await play(provider, plan);
      played(plan, run);
      return run.violations.length === 0;
    }),
    { seed, numRuns: runs, endOnFailure: false },
  );
  const [plan] = result.counterexample ?? [];
  if (plan === undefined) return undefined;
  const found = await play(provider, plan);
  return { plan: signed(plan, found.calls), violation: inWords(found) };
}
