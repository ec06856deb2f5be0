import * as z from 'zod';

import { signed } from './counterexamples.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { addCounts, leakWatch, type LeakCounts } from './leak-watch.ts';
import { faultPairs, intrusions, leakPlans, singleFaults } from './plans.ts';
import { disturbable, inWords, play, type Plan } from './play.ts';
import { providerNamed } from './providers.ts';
import { searchAtRandom, type Counterexample } from './random-plans.ts';

export const modes = ['singles', 'intruders', 'pairs', 'random', 'races', 'leaks'] as const;
export type Mode = (typeof modes)[number];

/** What one of several workers has to do. */
const share = z.object({
  mode: z.enum(modes),
  provider: z.string(),
  worker: z.int(),
  workers: z.int(),
  seed: z.int(),
  /** Of the random modes, all workers together. */
  runs: z.int(),
  /** One plan of so many is played; 1: all. Which, the seed says. Looking for leaks, no kind of call is left out. */
  sample: z.int(),
  /** No more plans after so many that broke something. */
  enough: z.int(),
});
export type Share = z.output<typeof share>;

export function parseShare(data: unknown): Share {
  return share.parse(data);
}

export type ShareResult = {
  readonly runs: number;
  readonly counterexamples: readonly Counterexample[];
  /** Numbers of the calls of an undisturbed run that were disturbed. */
  readonly disturbed: readonly number[];
  /** Of the mode that looks for leaks. */
  readonly leaks?: LeakCounts | undefined;
};

/** Plays this worker's part of all plans. `played` is told how many there were so far. */
export async function runShare(share: Share, played: (runs: number, broken: number) => void): Promise<ShareResult> {
  const provider = providerNamed(share.provider);
  const disturbed = new Set<number>();
  const counterexamples: Counterexample[] = [];
  let runs = 0;
  let leaks: LeakCounts | undefined;
  const count = (plan: Plan) => {
    runs += 1;
    for (const { at } of [...plan.faults, ...plan.intrusions]) if (typeof at === 'number') disturbed.add(at);
    if (runs % 50 === 0) played(runs, counterexamples.length);
  };

  if (share.mode === 'random' || share.mode === 'races') {
    const numRuns = Math.ceil(share.runs / share.workers);
    const found = await searchAtRandom(provider, {
      seed: share.seed + share.worker,
      runs: numRuns,
      races: share.mode === 'races',
      played: count,
    });
    if (found !== undefined) counterexamples.push(found);
  } else {
    let number = 0;
    for await (const plan of plansOf(share.mode, provider, share)) {
      number += 1;
      if (!isMine(number, share.mode === 'leaks' ? { ...share, sample: 1 } : share)) continue;
      const watch = share.mode === 'leaks' ? leakWatch(share.seed + number) : undefined;
      const played = watch ? await watch.listen(() => play(provider, plan, { watch })) : await play(provider, plan);
      if (watch) leaks = addCounts(leaks, watch.counts());
      count(plan);
      if (played.violations.length === 0) continue;
      counterexamples.push({ plan: signed(plan, played.calls), violation: inWords(played) });
      if (counterexamples.length >= share.enough) break;
    }
  }
  played(runs, counterexamples.length);
  return { runs, counterexamples, disturbed: [...disturbed], leaks };
}

function plansOf(
  mode: Exclude<Mode, 'random' | 'races'>,
  provider: LabProviderFactory,
  share: Share,
): AsyncGenerator<Plan> {
  switch (mode) {
    case 'singles':
      return singleFaults(provider);
    case 'intruders':
      return intrusions(provider);
    case 'pairs':
      return faultPairs(provider);
    case 'leaks':
      return leakPlans(provider, share);
  }
}

// Spread by a hash, so that a sample meets every kind of plan.
function isMine(number: number, { sample, seed, worker, workers }: Share): boolean {
  const mixed = Math.imul(number ^ seed, 2654435761) >>> 0;
  return mixed % (sample * workers) === worker;
}

/** How many calls of an undisturbed run each function makes, and how many of those were disturbed. */
export async function countCalls(provider: string, mode: Mode, disturbed: ReadonlySet<number>) {
  const notifier = mode === 'singles' || mode === 'leaks';
  const calls = await disturbable(providerNamed(provider), mode === 'pairs' ? 'one' : 'two', notifier);
  const reached: Record<string, number> = {};
  const faulted: Record<string, number> = {};
  for (const [number, { by }] of calls.entries()) {
    reached[by] = (reached[by] ?? 0) + 1;
    faulted[by] = (faulted[by] ?? 0) + (disturbed.has(number) ? 1 : 0);
  }
  return { reached, faulted };
}
