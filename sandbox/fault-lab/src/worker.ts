import { parentPort } from 'node:worker_threads';

import { parseShare, runShare, type ShareResult } from './run-share.ts';

/** What a worker says. */
export type Said =
  | { readonly type: 'progress'; readonly runs: number; readonly broken: number }
  | ({ readonly type: 'done' } & ShareResult);

// Every refusal is an error, and nobody reads where it was made.
Error.stackTraceLimit = 0;

const say = (said: Said) => parentPort?.postMessage(said);

async function work(order: unknown): Promise<void> {
  const result = await runShare(parseShare(order), (runs, broken) => say({ type: 'progress', runs, broken }));
  say({ type: 'done', ...result });
}

// One share after the other; what goes wrong here ends the worker, and whoever waits for it hears of that.
parentPort?.on('message', (order) => void work(order));
