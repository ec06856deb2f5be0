import { hasSeen, readAnnouncement } from '@keyturn/aws/announcement';
import type { SecretDescription } from '@keyturn/aws/secret-store';
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
 * it, and only its values, which nobody here reads, would show that. One that is being deleted counts, as somebody may restore it, and so does one that
 * nobody here may describe, being another stage's, one whose provider nobody here can ask, and one that the announcer has not seen as it is now. A version that came by hand and bears an older version's key waits for the next rotation. `keys`: all that are in the place.
 */
export async function findHolder(
  { provider, target }: Where,
  keys: readonly ListedKey[],
  deps: Deps,
): Promise<string | undefined> {
  const known = new Map([[provider, marksOf(keys)]]);
  for await (const other of secretsBeside({ target }, deps.secrets)) {
    const description = await describeOther(other.arn, deps);
    if (description === 'out-of-reach') return other.arn;
    if (description === undefined) continue;
    if (await changedUnseen(description, deps)) return other.arn;
    const marks = known.get(other.provider) ?? (await marksAt({ provider: other.provider, target }, deps));
    known.set(other.provider, marks);
    if (await mayHoldAnother(description, marks, deps)) return other.arn;
  }
  return undefined;
}

async function describeOther(arn: string, deps: Deps): Promise<SecretDescription | 'out-of-reach' | undefined> {
  try {
    return await describeIfThere(arn, deps);
  } catch (error) {
    if (error instanceof PermanentError && error.reason === 'access-denied') return 'out-of-reach';
    throw error;
  }
}

// Some version may have been current until a moment ago, and no row says so yet. The announcer does not look at what is being deleted.
async function changedUnseen(description: SecretDescription, { ledger }: Deps): Promise<boolean> {
  if (description.deletedAt !== undefined) return false;
  return !hasSeen((await readAnnouncement(ledger, description.arn))?.value, description);
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
