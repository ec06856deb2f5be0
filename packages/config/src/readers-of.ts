import type { Reader } from '@keyturn/rotation/grace';

import type { Config } from './config.ts';
import { entry } from './entry.ts';

/** A reader that tells which version it uses. `accounts`: who may say so. */
export type AcknowledgingReader = {
  readonly id: string;
  readonly accounts: readonly string[];
  readonly lapseMs: number;
};

export function acknowledgingReaders(ids: readonly string[], config: Config): readonly AcknowledgingReader[] {
  return ids.flatMap((id) => {
    const told = entry(config.readers, id)?.acknowledges;
    return told === undefined ? [] : [{ id, accounts: told.accounts, lapseMs: told.lapse }];
  });
}

/** The readers of these ids; `parseConfig` has seen to it that there is one for each. */
export function readersOf(ids: readonly string[], config: Config): readonly Reader[] {
  return ids.flatMap((id) => {
    const reader = entry(config.readers, id);
    if (reader === undefined) return [];
    const { refresh, staleOnError, tokenLifetime } = reader;
    return [{ id, refreshMs: refresh, staleOnErrorMs: staleOnError, tokenLifetimeMs: tokenLifetime }];
  });
}
