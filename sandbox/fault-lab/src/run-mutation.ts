import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import type { Hunt, Kill, Suspect } from './hunt-mutant.ts';
import type { Mutant } from './mutants.ts';
import type { HuntSaid } from './mutation-worker.ts';

export type Hunted = {
  /** Ids joined by `+` where several safeguards were missing at once. */
  readonly mutant: string;
  readonly runs: number;
  readonly killedBy: Kill | null;
};

/** Hunts sets of mutants side by side, one a core; in each run all mutants of a set are missing. */
export async function runMutation(
  sets: readonly (readonly Mutant[])[],
  hunt: Omit<Hunt, 'first'>,
  { progress, done }: { progress: (mutant: string, runs: number) => void; done: (hunted: Hunted) => void },
): Promise<readonly Hunted[]> {
  const results: Hunted[] = [];
  const queue = [...sets];
  const lane = async () => {
    for (let set = queue.shift(); set !== undefined; set = queue.shift()) {
      const mutant = set.map(({ id }) => id).join('+');
      const found = await huntInWorker(
        { mutants: set, hunt: { ...hunt, first: set.flatMap(({ against = [] }) => against) } },
        (runs) => progress(mutant, runs),
      );
      const hunted = { mutant, ...found };
      results.push(hunted);
      done(hunted);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, lane));
  return results;
}

/** Without `hunt` it judges plans. */
type Order = { readonly mutants: readonly Mutant[]; readonly hunt: Hunt | undefined };

function startWorker(order: Order, hear: (said: HuntSaid) => void, failed: (error: unknown) => void): Worker {
  const worker = new Worker(new URL('./mutation-worker.ts', import.meta.url), { workerData: order });
  worker.on('message', hear);
  worker.on('error', failed);
  return worker;
}

async function huntInWorker({ mutants, hunt }: Order, progress: (runs: number) => void) {
  // A set is killed only by what kills none of its parts: each is a judge of its own.
  const parts = mutants.length === 1 ? [[]] : mutants.map((left) => mutants.filter((one) => one !== left));
  const judges: Judge[] = [];
  try {
    return await new Promise<Pick<Hunted, 'runs' | 'killedBy'>>((resolve, reject) => {
      const isSound = async (suspect: Suspect): Promise<boolean> => {
        if (judges.length === 0) judges.push(...parts.map((part) => judge(part, reject)));
        for (const one of judges) if (!(await one.isSound(suspect))) return false;
        return true;
      };
      const worker = startWorker(
        { mutants, hunt },
        (said) => {
          if (said.type === 'progress') progress(said.runs);
          if (said.type === 'suspect') isSound(said).then((sound) => worker.postMessage(sound), reject);
          if (said.type === 'done') {
            const { runs, killedBy } = said;
            void worker.terminate().then(() => resolve({ runs, killedBy }));
          }
        },
        reject,
      );
    });
  } finally {
    for (const one of judges) one.end();
  }
}

type Judge = { readonly isSound: (suspect: Suspect) => Promise<boolean>; readonly end: () => void };

function judge(mutants: readonly Mutant[], failed: (error: unknown) => void): Judge {
  let answer: (isSound: boolean) => void = () => {};
  const worker = startWorker(
    { mutants, hunt: undefined },
    (said) => {
      if (said.type === 'judged') answer(said.isSound);
    },
    failed,
  );
  return {
    isSound: (suspect) =>
      new Promise((resolve) => {
        answer = resolve;
        worker.postMessage(suspect);
      }),
    end: () => void worker.terminate(),
  };
}
