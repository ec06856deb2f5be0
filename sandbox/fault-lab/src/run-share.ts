import * as z from 'zod';

import { signsOf } from './calls.ts';
import { signed } from './counterexamples.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { addCounts, type LeakCounts } from './leak-watch.ts';
import { faultPairs, intrusions, leakPlans, singleFaults } from './plans.ts';
import { disturbable, inWords, play, type Plan, type Played, type StoryName } from './play.ts';
import { providerNamed } from './providers.ts';
import { randomModes, searchAtRandom, type Counterexample, type RandomMode } from './random-plans.ts';
import { playRecoveries, type Recovered } from './recoveries.ts';
import { addSoaked, soak, type Soaked } from './soak.ts';

export const modes = ['singles', 'intruders', 'recoveries', 'pairs', ...randomModes, 'leaks', 'soak'] as const;
export type Mode = (typeof modes)[number];

/** What one of several workers has to do. */
const share = z.object({
  mode: z.enum(modes),
  provider: z.string(),
  worker: z.int(),
  workers: z.int(),
  seed: z.int(),
  /** Of the random modes, and secrets of the soak, all workers together. */
  runs: z.int(),
  /** One plan of so many is played; 1: all. Which, the seed says. Looking for leaks, no kind of call is left out. */
  sample: z.int(),
  /** No more plans after so many that broke something. */
  enough: z.int(),
  /** The seed of the only secret of the soak that is played. */
  secret: z.int().optional(),
});
export type Share = z.output<typeof share>;

export function parseShare(data: unknown): Share {
  return share.parse(data);
}

export type ShareResult = {
  readonly runs: number;
  /** Runs in which no fault came to pass and nobody came. */
  readonly untouched: number;
  readonly counterexamples: readonly Counterexample[];
  /** Numbers of the calls of an undisturbed run that were disturbed. */
  readonly disturbed: readonly number[];
  /** Of the mode that looks for leaks. */
  readonly leaks?: LeakCounts | undefined;
  readonly soaked?: Soaked | undefined;
  readonly recovered?: Recovered | undefined;
};

type Heard = (runs: number, broken: number) => void;

/** Plays this worker's part of all plans. `heard` is told how many there were so far. */
export async function runShare(share: Share, heard: Heard): Promise<ShareResult> {
  if (share.mode === 'soak') return soakShare(share, heard);
  const count = counter(share, heard);
  if (isRandom(share.mode)) return searchShare({ ...share, mode: share.mode }, count);
  if (share.mode === 'recoveries') return recoverShare(share, count);
  return playShare({ ...share, mode: share.mode }, count);
}

function counter(share: Pick<Share, 'mode' | 'provider'>, heard: Heard) {
  const disturbed = new Set<number>();
  const counterexamples: Counterexample[] = [];
  let runs = 0;
  let untouched = 0;
  return {
    played(plan: Plan, { struck, came }: Pick<Played, 'struck' | 'came'>): void {
      runs += 1;
      if (struck.length + came.length === 0) untouched += 1;
      if (isCounted(plan, share)) {
        for (const { at } of [...struck, ...came]) if (typeof at === 'number') disturbed.add(at);
      }
      if (runs % 50 === 0) heard(runs, counterexamples.length);
    },
    /** Answers how many there are. */
    broken: (example: Counterexample): number => counterexamples.push(example),
    result(): ShareResult {
      heard(runs, counterexamples.length);
      return { runs, untouched, counterexamples, disturbed: [...disturbed] };
    },
  };
}
type Count = ReturnType<typeof counter>;

const isRandom = (mode: Mode): mode is RandomMode => randomModes.some((one) => one === mode);

type Random = Share & { readonly mode: RandomMode };

async function searchShare(
  { provider, seed, worker, workers, runs, mode }: Random,
  count: Count,
): Promise<ShareResult> {
  const found = await searchAtRandom(providerNamed(provider), {
    // Of another seed no worker plays the same.
    seed: seed * 100 + worker,
    runs: Math.ceil(runs / workers),
    mode,
    played: (plan, played) => count.played(plan, played),
  });
  if (found !== undefined) count.broken(found);
  return count.result();
}

/** Of single faults one in so many goes on to the very end, also where everything is at rest before. */
const playedOut = 8;

type Listed = Share & { readonly mode: 'singles' | 'intruders' | 'pairs' | 'leaks' };

async function playShare(share: Listed, count: Count): Promise<ShareResult> {
  const provider = providerNamed(share.provider);
  let number = 0;
  let leaks: LeakCounts | undefined;
  for await (const listed of plansOf(share, provider)) {
    number += 1;
    if (!isMine(number, { ...share, sample: sampleOf(listed, share) })) continue;
    const plan = { ...listed, ...howFar(number, share) };
    const played = await play(provider, plan);
    if (played.leaks) leaks = addCounts(leaks, played.leaks);
    count.played(plan, played);
    if (played.violations.length === 0) continue;
    if (count.broken({ plan: signed(plan, played.calls), violation: inWords(played) }) >= share.enough) break;
  }
  return { ...count.result(), leaks };
}

function howFar(number: number, { mode, seed }: Share): Pick<Plan, 'toTheEnd' | 'leaks'> {
  if (mode === 'leaks') return { leaks: seed + number };
  return mode === 'singles' && number % playedOut === 0 ? { toTheEnd: true } : {};
}

async function recoverShare(share: Share, count: Count): Promise<ShareResult> {
  const provider = providerNamed(share.provider);
  const recovered = await playRecoveries(provider, {
    ...share,
    async played(plan) {
      const played = await play(provider, plan);
      count.played(plan, played);
      if (played.violations.length === 0) return played;
      const broken = count.broken({ plan: signed(plan, played.calls), violation: inWords(played) });
      return broken < share.enough ? played : undefined;
    },
  });
  return { ...count.result(), recovered };
}

const years = 10;

async function soakShare(share: Share, heard: Heard): Promise<ShareResult> {
  let soaked: Soaked | undefined;
  for (const seed of secretsOf(share)) {
    soaked = addSoaked(soaked, await soak(providerNamed(share.provider), { years, seed }));
    heard(soaked.secrets, soaked.violations.length);
  }
  return { runs: soaked?.secrets ?? 0, untouched: 0, counterexamples: [], disturbed: [], soaked };
}

function secretsOf({ secret, seed, worker, workers, runs }: Share): readonly number[] {
  if (secret !== undefined) return worker === 0 ? [secret] : [];
  const seeds = Array.from({ length: runs }, (_, number) => seed * 1_000_000 + number);
  return seeds.filter((_, number) => number % workers === worker);
}

function plansOf(share: Listed, provider: LabProviderFactory): AsyncGenerator<Plan> {
  switch (share.mode) {
    case 'singles':
      return singleFaults(provider, tellsOwners(share));
    case 'intruders':
      return intrusions(provider);
    case 'pairs':
      return faultPairs(provider);
    case 'leaks':
      return leakPlans(provider, share);
  }
}

// What the notifier does, it does whatever the provider is; it makes as many calls as all others together.
const tellsOwners = ({ provider }: Pick<Share, 'provider'>) => provider === 'memory';

/** Up to such a sample nobody is left out who comes alone into a single rotation. */
const aloneInOne = 1000;

// Looking for leaks, the plans are a sample already. Who comes alone is left out late, and in a single rotation last.
function sampleOf({ story, faults }: Plan, { mode, sample }: Share): number {
  if (mode === 'leaks') return 1;
  if (mode !== 'intruders' || faults.length > 0) return sample;
  return Math.ceil(sample / (story === 'one' ? aloneInOne : 125));
}

// Spread by a hash, so that a sample meets every kind of plan.
function isMine(number: number, { sample, seed, worker, workers }: Share): boolean {
  const mixed = Math.imul(number ^ seed, 2654435761) >>> 0;
  return mixed % (sample * workers) === worker;
}

/** The story whose calls are counted: the one of which none is left out. */
const countedStory = (mode: Mode): StoryName => (mode === 'singles' || mode === 'leaks' ? 'two' : 'one');

const countsNotifier = ({ mode, provider }: Pick<Share, 'mode' | 'provider'>): boolean =>
  mode === 'leaks' || (mode === 'singles' && tellsOwners({ provider }));

// The numbers of another story's calls, or of calls beside the notifier's, are other calls.
const isCounted = ({ story, notifier = false }: Plan, share: Pick<Share, 'mode' | 'provider'>): boolean =>
  story === countedStory(share.mode) && notifier === countsNotifier(share);

/** Whether the mode, sampled so, has to disturb every call that is counted. */
export const isFull = ({ mode, sample }: Pick<Share, 'mode' | 'sample'>): boolean =>
  ((mode === 'singles' || mode === 'recoveries') && sample <= 1) || (mode === 'intruders' && sample <= aloneInOne);

/**
 * How many calls of an undisturbed run each function makes, how many of those were disturbed, by a fault or by a stranger in the moment before, and the signs of
 * those that were not.
 */
export async function countCalls(share: Pick<Share, 'mode' | 'provider'>, disturbed: ReadonlySet<number>) {
  const { mode, provider } = share;
  const calls = await disturbable(providerNamed(provider), countedStory(mode), countsNotifier(share));
  const signs = signsOf(calls);
  return countBy(signs, new Set(signs.filter((_, number) => disturbed.has(number))));
}

/** The same of the kinds of calls to which only strangers lead, by what each worker met. */
export function countRecovered(parts: readonly Recovered[]) {
  return countBy(
    [...new Set(parts.flatMap(({ reached }) => reached))].sort(),
    new Set(parts.flatMap(({ faulted }) => faulted)),
  );
}

function countBy(signs: readonly string[], disturbed: ReadonlySet<string>) {
  const reached: Record<string, number> = {};
  const faulted: Record<string, number> = {};
  for (const sign of signs) {
    const [by = ''] = sign.split('|');
    reached[by] = (reached[by] ?? 0) + 1;
    faulted[by] = (faulted[by] ?? 0) + (disturbed.has(sign) ? 1 : 0);
  }
  return { reached, faulted, undisturbed: signs.filter((sign) => !disturbed.has(sign)) };
}
