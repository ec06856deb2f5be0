import type { Reader } from '@keyturn/rotation/grace';

import type { Config } from './config.ts';
import { entry } from './entry.ts';

/** The readers of these ids; `parseConfig` has seen to it that there is one for each. */
export function readersOf(ids: readonly string[], config: Config): readonly Reader[] {
  return ids.flatMap((id) => {
    const reader = entry(config.readers, id);
    if (reader === undefined) return [];
    const { refresh, staleOnError, tokenLifetime } = reader;
    return [{ id, refreshMs: refresh, staleOnErrorMs: staleOnError, tokenLifetimeMs: tokenLifetime }];
  });
}
