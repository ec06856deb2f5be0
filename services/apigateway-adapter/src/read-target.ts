import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { ApiKey, ApiKeys } from './api-keys.ts';
import { clientOf, isKey, type Target } from './target.ts';

/** All keys of the target. PermanentError('target-missing') where its usage plan does not exist. */
export async function readTarget(
  { plan, name }: Target,
  api: Pick<ApiKeys, 'plan' | 'named'>,
): Promise<readonly ApiKey[]> {
  const [found, named] = await Promise.all([api.plan(plan), api.named(name)]);
  if (found === 'no-plan') {
    throw new PermanentError('target-missing', 'The usage plan of the target does not exist', { field: 'target' });
  }
  return named.filter((key) => clientOf(key.name) === name);
}

/**
 * The key that the secret names; undefined where the target has none. PermanentError('misconfigured') where the secret names a key by a name that a person
 * gave it: several may have it, and nobody could tell which one is to end.
 */
export function findKey(keys: readonly ApiKey[], keyId: Hidden): ApiKey | undefined {
  const found = keys.filter((key) => isKey(key, keyId));
  if (found.length > 1) throw ambiguous('Several keys of the target have the name that Keyturn gave one of them');
  const [key] = found;
  if (key === undefined && keys.some(({ name }) => name === keyId.reveal())) {
    throw ambiguous('The secret names the key by its name, which several may have: put the id of the key there');
  }
  return key;
}

function ambiguous(problem: string): PermanentError {
  return new PermanentError('misconfigured', problem, { field: 'key' });
}
