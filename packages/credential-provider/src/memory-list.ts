import { PermanentError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';

import type { IssueProvider } from './credential-provider.ts';
import type { MemoryParts } from './memory-parts.ts';

export function memoryList({ options, store, line }: MemoryParts): IssueProvider['list'] {
  return async ({ target }) => {
    if (options.lacks.includes('list')) {
      throw new PermanentError('unsupported', 'This provider cannot list keys', { field: 'list' });
    }
    const keys = await line.read(() => store.keysOf(target));
    return keys.map((key) => {
      return { keyId: hidden(key.keyId), state: store.stateOf(key), mark: key.mark, issuedAt: key.issuedAt };
    });
  };
}
