import { entry } from '@keyturn/config/entry';
import { mayHoldAnother, secretsBeside } from '@keyturn/config/key-holders';
import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { describeIfThere } from './describe-if-there.ts';
import type { Place } from './place.ts';

type Where = Pick<Place, 'provider' | 'target'>;
type Marks = ReadonlySet<string | undefined>;

/**
 * The ARN of a secret that may give a key of this target to its readers, or gave it until lately: a person may have put the key of a secret that is gone into
 * it, and only its values, which nobody here reads, would show that. One that is being deleted counts, as somebody may restore it, and so does one whose
 * provider nobody here can ask. A version that came by hand and bears an older version's key waits for the next rotation. `keys`: all that are in the place.
 */
export async function findHolder(
  { provider, target }: Where,
  keys: readonly ListedKey[],
  deps: Deps,
): Promise<string | undefined> {
  const known = new Map([[provider, marksOf(keys)]]);
  for await (const other of secretsBeside({ target }, deps.secrets)) {
    const description = await describeIfThere(other.arn, deps);
    if (description === undefined) continue;
    const marks = known.get(other.provider) ?? (await marksAt({ provider: other.provider, target }, deps));
    known.set(other.provider, marks);
    if (await mayHoldAnother(description, marks, deps)) return other.arn;
  }
  return undefined;
}

// A secret whose key is off is not well, and readers may have been given another one.
const marksOf = (keys: readonly ListedKey[]): Marks =>
  new Set(keys.flatMap(({ mark, state }) => (state === 'enabled' ? [mark] : [])));

async function marksAt({ provider, target }: Where, { config, issue }: Deps): Promise<Marks> {
  if (entry(config.providers, provider) === undefined) return new Set();
  try {
    return marksOf(await issue(provider).list({ target }));
  } catch (error) {
    // It cannot list, or has no such target: nobody can tell whether the secret has a key of its own there.
    if (error instanceof PermanentError) return new Set();
    throw error;
  }
}
