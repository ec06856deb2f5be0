import * as fc from 'fast-check';

import { readCounterexamples } from './counterexamples.ts';
import { intrusions, singleFaults } from './plans.ts';
import { play, type Plan } from './play.ts';
import { providerNamed } from './providers.ts';
import { anyPlan } from './random-plans.ts';

export type Hunt = {
  /** One after the other, until one kills. */
  readonly providers: readonly string[];
  readonly seed: number;
  /** Random runs with each provider. */
  readonly runs: number;
  /** One plan with an intruder of so many is played. */
  readonly sample: number;
  /** Intruders of whom all plans without a fault are played, and before the others. */
  readonly first: readonly string[];
  /** Nothing is begun later than this after the beginning, in milliseconds. */
  readonly longestMs: number;
};

const huntModes = [
  'undisturbed',
  'counterexamples',
  'expected',
  'singles',
  'intruders',
  'intruders with faults',
  'races',
] as const;
type HuntMode = (typeof huntModes)[number];

/** What the lab saw broken, and under which plan nothing is broken while the safeguard is there. `run`: how many were played until then. */
export type Kill = {
  readonly mode: HuntMode;
  readonly provider: string;
  readonly plan: Plan;
  readonly rule: string;
};

type Meanwhile = {
  readonly played: (runs: number) => void;
  /** Whether nothing breaks under the plan where no safeguard is missing, and where of several any one is there. */
  readonly isSound: (suspect: Suspect) => Promise<boolean>;
};

/** Looks for a run in which the lab notices what is missing, the cheapest first. */
export async function huntMutant(
  hunt: Hunt,
  { played, isSound }: Meanwhile,
): Promise<{ readonly runs: number; readonly killedBy: Kill | null }> {
  const began = performance.now();
  let runs = 0;
  const broken = async (provider: string, plan: Plan): Promise<string | undefined> => {
    runs += 1;
    if (runs % 20 === 0) played(runs);
    const { violations } = await play(providerNamed(provider), plan);
    const [first] = violations;
    return first === undefined ? undefined : `${first.rule}: ${first.what}`;
  };
  const kills = async (provider: string, plan: Plan) => {
    const rule = await broken(provider, plan);
    return rule !== undefined && (await isSound({ provider, plan })) ? rule : undefined;
  };

  for (const mode of huntModes) {
    for (const provider of hunt.providers) {
      for await (const plan of plansOf(mode, provider, hunt)) {
        if (performance.now() - began > hunt.longestMs) return { runs, killedBy: null };
        const rule = await kills(provider, plan);
        if (rule === undefined) continue;
        const until = runs;
        const least = await smallest(plan, async (smaller) => (await kills(provider, smaller)) !== undefined);
        return {
          runs: until,
          killedBy: { mode, provider, plan: least, rule: (await broken(provider, least)) ?? rule },
        };
      }
    }
  }
  return { runs, killedBy: null };
}

export type Suspect = { readonly provider: string; readonly plan: Plan };

export async function isSound({ provider, plan }: Suspect): Promise<boolean> {
  const { violations } = await play(providerNamed(provider), plan);
  return violations.length === 0;
}

async function* plansOf(mode: HuntMode, provider: string, hunt: Hunt): AsyncGenerator<Plan> {
  const factory = providerNamed(provider);
  switch (mode) {
    case 'undisturbed':
      for (const story of ['one', 'two'] as const) yield { story, faults: [], intrusions: [] };
      return;
    case 'counterexamples':
      for (const kept of readCounterexamples()) if (kept.provider === provider) yield kept.plan;
      return;
    case 'expected':
      yield* shuffled(
        only(intrusions(factory), (plan) => isExpected(plan, hunt.first)),
        hunt.seed,
        1,
      );
      return;
    case 'singles':
      yield* shuffled(singleFaults(factory, true), hunt.seed, 1);
      return;
    case 'intruders':
      yield* shuffled(
        only(intrusions(factory), ({ faults }) => faults.length === 0),
        hunt.seed,
        hunt.sample,
      );
      return;
    case 'intruders with faults':
      yield* shuffled(
        only(intrusions(factory), ({ faults }) => faults.length > 0),
        hunt.seed,
        20 * hunt.sample,
      );
      return;
    case 'races':
      yield* fc.sample(await anyPlan(factory, 'races'), { seed: hunt.seed, numRuns: hunt.runs });
  }
}

function isExpected({ faults, intrusions: [intrusion] }: Plan, first: readonly string[]): boolean {
  return faults.length === 0 && intrusion !== undefined && first.includes(intrusion.who);
}

async function* only(plans: AsyncGenerator<Plan>, which: (plan: Plan) => boolean): AsyncGenerator<Plan> {
  for await (const plan of plans) if (which(plan)) yield plan;
}

/** In an order that the seed gives, so that a kill of any kind is soon met; one of `sample`. */
async function* shuffled(plans: AsyncGenerator<Plan>, seed: number, sample: number): AsyncGenerator<Plan> {
  const rows: { readonly plan: Plan; readonly rank: number }[] = [];
  for await (const plan of plans) rows.push({ plan, rank: Math.imul(rows.length + 1 + seed * 7919, 2654435761) >>> 0 });
  rows.sort((a, b) => a.rank - b.rank);
  for (const { plan } of rows.slice(0, Math.ceil(rows.length / sample))) yield plan;
}

/** What is left when nothing more can be taken away. */
async function smallest(plan: Plan, kills: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  for (const smaller of smallerThan(plan)) {
    if (await kills(smaller)) return smallest(smaller, kills);
  }
  return plan;
}

function* smallerThan({ latencies, ...plan }: Plan): Generator<Plan> {
  if (latencies !== undefined) yield plan;
  const timed = latencies === undefined ? plan : { ...plan, latencies };
  for (const fault of plan.faults) yield { ...timed, faults: plan.faults.filter((one) => one !== fault) };
  for (const one of plan.intrusions) yield { ...timed, intrusions: plan.intrusions.filter((who) => who !== one) };
}
