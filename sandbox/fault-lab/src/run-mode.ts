import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { addCounts, type LeakCounts } from './leak-watch.ts';
import type { Counterexample } from './random-plans.ts';
import { countCalls, countRecovered, isFull, type Mode, type Share, type ShareResult } from './run-share.ts';
import { addSoaked, type Soaked } from './soak.ts';
import type { Said } from './worker.ts';

export type ModeResult = {
  readonly mode: Mode;
  readonly provider: string;
  readonly runs: number;
  /** Of these, runs in which no fault of the plan came to pass and nobody came: a plan at random may name calls that there are not. */
  readonly untouched: number;
  readonly violations: number;
  /**
   * By function: calls of an undisturbed run, and how many of them were disturbed, by a fault or by a stranger in the moment before. Of recoveries: kinds of calls
   * to which only strangers lead, and how many of them went wrong.
   */
  readonly callsReached: Readonly<Record<string, number>>;
  readonly callsFaulted: Readonly<Record<string, number>>;
  /** Signs of the calls that were not, where the mode leaves none out. */
  readonly undisturbed: readonly string[];
  readonly runsPerSecond: number;
  readonly seed: number;
  /** How many played side by side: the same seed plays the same runs with as many. */
  readonly workers: number;
  /** Texts that were searched, by sink, and secrets that were looked for, by kind, in all runs together; of the mode that looks for leaks. */
  readonly sinks?: LeakCounts['sinks'];
  readonly canaries?: LeakCounts['canaries'];
  /** What became of the secrets of the soak. */
  readonly soaked?: Soaked;
  readonly counterexamples: readonly Counterexample[];
};

export type ModeOptions = Pick<Share, 'mode' | 'provider' | 'seed' | 'runs' | 'sample' | 'enough' | 'secret'>;

type Heard = (runs: number, broken: number) => void;

export type Crew = {
  /** One mode with one provider, on every core. `progress` hears of all workers together. */
  readonly run: (options: ModeOptions, progress: Heard) => Promise<ModeResult>;
  readonly end: () => Promise<void>;
};

/** A worker for each core. They stay for mode after mode: one that begins takes a second to load everything, and is slow at first. */
export function crew(): Crew {
  const workers = Array.from({ length: Math.max(1, availableParallelism()) }, startWorker);
  return {
    run: (options, progress) => runMode(options, progress, workers),
    end: async () => void (await Promise.all(workers.map(({ worker }) => worker.terminate()))),
  };
}

async function runMode(options: ModeOptions, progress: Heard, workers: readonly Hand[]): Promise<ModeResult> {
  const started = performance.now();
  const counts = workers.map(() => ({ runs: 0, broken: 0 }));
  const results = await Promise.all(
    workers.map((worker, number) =>
      runShare({ ...options, worker: number, workers: workers.length }, worker, (runs, broken) => {
        Object.assign(counts[number] ?? {}, { runs, broken });
        progress(total(counts, 'runs'), total(counts, 'broken'));
      }),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  const runs = total(results, 'runs');
  const counterexamples = results.flatMap(({ counterexamples }) => counterexamples);
  const { mode, provider, seed } = options;
  const leaks = results.reduce<LeakCounts | undefined>(
    (sum, { leaks }) => (leaks === undefined ? sum : addCounts(sum, leaks)),
    undefined,
  );
  const soaked = soakedBy(results);
  const { reached, faulted, undisturbed } = await counted(options, results);
  // Whoever broke off early left calls out, and says so by what broke.
  const isComplete = isFull(options) && counterexamples.length < options.enough;
  return {
    mode,
    provider,
    runs,
    untouched: total(results, 'untouched'),
    violations: counterexamples.length + (soaked?.violations.length ?? 0),
    callsReached: reached,
    callsFaulted: faulted,
    undisturbed: isComplete ? undisturbed : [],
    runsPerSecond: Math.round(runs / seconds),
    seed,
    workers: workers.length,
    ...leaks,
    ...(soaked && { soaked }),
    counterexamples,
  };
}

async function counted(options: ModeOptions, results: readonly ShareResult[]) {
  // Years of one secret have no undisturbed run to count by.
  if (options.mode === 'soak') return { reached: {}, faulted: {}, undisturbed: [] };
  if (options.mode === 'recoveries') return countRecovered(results.flatMap(({ recovered = [] }) => recovered));
  return countCalls(options, new Set(results.flatMap(({ disturbed }) => disturbed)));
}

function soakedBy(results: readonly ShareResult[]): Soaked | undefined {
  return results.reduce<Soaked | undefined>((sum, { soaked }) => (soaked ? addSoaked(sum, soaked) : sum), undefined);
}

/** `gone` rejects when the worker has ended, whenever that is. */
type Hand = { readonly worker: Worker; readonly gone: Promise<never> };

function startWorker(): Hand {
  // A run lives for milliseconds: what it leaves behind is young.
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: 128 },
  });
  const gone = new Promise<never>((_, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`A worker ended with code ${code}`)));
  });
  // Whoever waits for a share hears of it; at the end nobody does.
  gone.catch(() => {});
  return { worker, gone };
}

function runShare(share: Share, { worker, gone }: Hand, progress: Heard): Promise<ShareResult> {
  const done = new Promise<ShareResult>((resolve) => {
    const hear = (said: Said) => {
      if (said.type === 'progress') return progress(said.runs, said.broken);
      worker.off('message', hear);
      resolve(said);
    };
    worker.on('message', hear);
    worker.postMessage(share);
  });
  return Promise.race([done, gone]);
}

function total<Key extends string>(rows: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return rows.reduce((sum, row) => sum + row[key], 0);
}
