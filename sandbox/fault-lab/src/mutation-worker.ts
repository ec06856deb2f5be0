import { parentPort, workerData } from 'node:worker_threads';

import * as z from 'zod';

import { loadMutated } from './apply-mutant.ts';
import type { Kill, Suspect } from './hunt-mutant.ts';

/** What the worker says. */
export type HuntSaid =
  | { readonly type: 'progress'; readonly runs: number }
  /** Does this plan break anything where no safeguard is missing? Answered with a boolean. */
  | ({ readonly type: 'suspect' } & Suspect)
  | { readonly type: 'judged'; readonly isSound: boolean }
  | { readonly type: 'done'; readonly runs: number; readonly killedBy: Kill | null };

/** Without `hunt` it plays what it is told to, and says of each plan whether it breaks nothing. */
const huntOrder = z.object({
  mutants: z.array(
    z.object({
      id: z.string(),
      safeguard: z.string(),
      edits: z.array(z.object({ file: z.string(), find: z.string(), replace: z.string() })),
    }),
  ),
  hunt: z
    .object({
      providers: z.array(z.string()),
      seed: z.number(),
      runs: z.number(),
      sample: z.number(),
      first: z.array(z.string()),
      longestMs: z.number(),
    })
    .optional(),
});

const port = parentPort;
if (port === null) throw new Error('This is a worker');
const say = (said: HuntSaid) => port.postMessage(said);
const { mutants, hunt } = huntOrder.parse(workerData);

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
