import { parentPort, workerData } from 'node:worker_threads';

import { parseShare, runShare, type ShareResult } from './run-share.ts';

/** What a worker says. */
export type Said =
  | { readonly type: 'progress'; readonly runs: number; readonly broken: number }
  | ({ readonly type: 'done' } & ShareResult);

// Every refusal is an error, and nobody reads where it was made.
Error.stackTraceLimit = 0;

const share = parseShare(workerData);
const say = (said: Said) => parentPort?.postMessage(said);
const result = await runShare(share, (runs, broken) => say({ type: 'progress', runs, broken }));
say({ type: 'done', ...result });
