import * as fc from 'fast-check';

import type { Call } from './calls.ts';
import { signed } from './counterexamples.ts';
import { deliveryFaults, faultKinds, kindsFor, type Fault } from './fault.ts';
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
  const calls = await disturbable(provider, story);
  const raced = fc.array(fc.constantFrom(...latencies), { minLength: 1, maxLength: 40 });
  const time = mode === 'races' ? raced : fc.option(raced, { nil: undefined, freq: 1 });
  const struck = mode === 'crowds' ? close(calls) : anywhere(calls);
  return fc
    .tuple(struck, time)
    .map(([{ faults, intrusions }, latencies]) => ({ story, faults, intrusions, latencies }))
    .filter(({ faults, intrusions }) => faults.length + intrusions.length > 0);
}

type Trouble = fc.Arbitrary<Pick<Plan, 'faults' | 'intrusions'>>;
/** `choice`: which of the faults that can happen to the call. */
type Place = { readonly at: number; readonly choice: number };

const anyKind: readonly Fault['kind'][] = [...faultKinds, ...deliveryFaults];
const choice = fc.nat({ max: 10_000 });
// A call goes wrong in one way; two strangers may come in one moment.
const placesAt = (at: fc.Arbitrary<number>, maxLength: number) =>
  fc.uniqueArray(fc.record({ at, choice }), { maxLength, selector: (place) => place.at });
const strangers = fc.constantFrom(...Object.keys(intruders));
// What is disturbed makes more calls than what is not.
const longest = (calls: readonly Call[]) => Math.floor(calls.length * 1.1);

// One that can happen to the call of that number in an undisturbed run; in this one it may be another call.
function faultOf(calls: readonly Call[], { at, choice }: Place): Fault {
  const name = calls[at]?.name;
  const kinds = name === undefined ? anyKind : kindsFor(name);
  return { at, kind: kinds[choice % kinds.length] ?? 'error' };
}

function anywhere(calls: readonly Call[]): Trouble {
  const at = fc.nat({ max: longest(calls) });
  return fc.record({
    faults: placesAt(at, 6).map((places) => places.map((place) => faultOf(calls, place))),
    intrusions: fc.array(fc.record({ at, who: strangers }), { maxLength: 3 }),
  });
}

const dozen = fc.nat({ max: 12 });

function close(calls: readonly Call[]): Trouble {
  const at = fc.nat({ max: longest(calls) });
  const near = fc.array(fc.record({ after: dozen, who: strangers }), { minLength: 1, maxLength: 2 });
  const far = fc.array(fc.record({ at, who: strangers }), { maxLength: 1 });
  return fc.tuple(at, placesAt(dozen, 2), near, far).map(([first, places, near, far]) => ({
    faults: places.map(({ at: after, choice }) => faultOf(calls, { at: first + after, choice })),
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
