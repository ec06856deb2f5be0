import { parentPort, workerData } from 'node:worker_threads';

import { loadMutated } from './apply-mutant.ts';
import type { Hunt, Kill } from './hunt-mutant.ts';
import type { Mutant } from './mutants.ts';
import type { Plan } from './play.ts';

/** What the worker says. */
export type HuntSaid =
  | { readonly type: 'progress'; readonly runs: number }
  /** Does this plan break anything where no safeguard is missing? Answered with a boolean. */
  | ({ readonly type: 'suspect' } & Suspect)
  | { readonly type: 'judged'; readonly isSound: boolean }
  | { readonly type: 'done'; readonly runs: number; readonly killedBy: Kill | null };

/** Without `hunt` it plays what it is told to, and says of each plan whether it breaks nothing. */
export type HuntOrder = { readonly mutants: readonly Mutant[]; readonly hunt: Hunt | undefined };
export type Suspect = { readonly provider: string; readonly plan: Plan };

const port = parentPort;
if (port === null) throw new Error('This is a worker');
const say = (said: HuntSaid) => port.postMessage(said);
const { mutants, hunt }: HuntOrder = workerData;

Error.stackTraceLimit = 0;
const missing = loadMutated(mutants);
const { huntMutant, isSound } = await import('./hunt-mutant.ts');
const untouched = missing();
if (untouched.length > 0) throw new Error(`No run loads ${untouched.join(', ')}: a mutant there changes nothing`);

if (hunt === undefined) {
  port.on('message', (suspect: Suspect) => {
    void isSound(suspect).then((sound) => say({ type: 'judged', isSound: sound }));
  });
} else {
  const found = await huntMutant(hunt, {
    played: (runs) => say({ type: 'progress', runs }),
    isSound: (suspect) =>
      new Promise((resolve) => {
        port.once('message', resolve);
        say({ type: 'suspect', ...suspect });
      }),
  });
  say({ type: 'done', ...found });
}
