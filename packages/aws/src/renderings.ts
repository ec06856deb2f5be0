import { inspect } from 'node:util';

/** Everything by which an error may become text, for tests that look for what must not be in it. */
export function renderings(error: unknown): string {
  const told: unknown[] = [String(error), inspect(error, { depth: Infinity, showHidden: true, getters: true })];
  for (let at = error; at instanceof Error; at = at.cause) {
    told.push(at.name, at.message, at.stack, JSON.stringify(at), JSON.stringify(at, Object.getOwnPropertyNames(at)));
  }
  return told.join('\n');
}
