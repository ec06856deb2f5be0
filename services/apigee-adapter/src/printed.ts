import { inspect } from 'node:util';

/** For tests: everything that a logger, a console or Lambda could print of an error. */
export function printed(error: unknown): string {
  if (!(error instanceof Error)) throw new Error('This is no error');
  return [
    inspect(error, { depth: Infinity, showHidden: true, getters: true }),
    inspect(error.cause, { depth: Infinity, showHidden: true, getters: true }),
    JSON.stringify(error),
    String(error),
    error.stack,
  ].join('\n');
}
