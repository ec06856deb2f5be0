import { PermanentError } from '@keyturn/rotation/errors';

import type { Keys } from './keys.ts';
import type { Target } from './target.ts';

// The smallest limit of any flavour.
const mostKeys = 10;

/** Runs what adds a key. Apigee has no code of its own for an app that is full: PermanentError('quota') where it refuses and that may be why. */
export async function orQuota<T>(addKey: () => Promise<T>, target: Target, keys: Pick<Keys, 'app'>): Promise<T> {
  try {
    return await addKey();
  } catch (error) {
    const refused = error instanceof PermanentError && error.reason === 'provider-refused';
    if (!refused || (await keys.app(target)).keys.length < mostKeys) throw error;
    throw new PermanentError('quota', 'The app has as many keys as it may', { field: 'target', cause: error });
  }
}
