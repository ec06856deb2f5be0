import type { SecretDescription } from '@keyturn/aws/secret-store';
import { entry } from '@keyturn/config/entry';
import { givesKey, mayHoldAnother, secretsBeside, showsIt, versionsInGrace } from '@keyturn/config/key-holders';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { readOldVersion } from './managed-versions.ts';
import type { OldKey } from './old-key.ts';

/** `field` names the other secret. */
export class SharedKeyError extends PermanentError {
  /** A value of the other secret holds the key; otherwise nobody can tell. */
  readonly isSeen: boolean;

  constructor(name: string, isSeen: boolean) {
    super('shared-key', 'Another secret gives the key to its readers, or may do so', { field: name });
    this.isSeen = isSeen;
  }
}

type Place = { readonly secretArn: string; readonly provider: string; readonly target: string };
type Asked = Omit<Place, 'provider'>;
type Ports = Pick<Deps, 'secrets' | 'ledger' | 'clock' | 'config' | 'issue'>;

/**
 * Refuses to end a key that another secret gives its readers still, or gave them until lately: somebody pasted one key into two secrets, and this one was
 * rotated first. Its tags say which secrets may hold it, their values say whether they do. SharedKeyError.
 */
export async function refuseSharedKey(old: OldKey, place: Asked, deps: Ports): Promise<void> {
  for await (const { arn, name, provider } of secretsBeside(place, deps.secrets)) {
    const seen = await isShared(old, { ...place, secretArn: arn, provider }, deps);
    if (seen !== 'no') {
      throw new SharedKeyError(name, seen === 'seen');
    }
  }
}

async function isShared(old: OldKey, place: Place, deps: Ports): Promise<'seen' | 'may-be' | 'no'> {
  try {
    const description = await deps.secrets.describe(place.secretArn);
    if (description.deletedAt === undefined) return (await holds(description, old, deps)) ? 'seen' : 'no';
    return (await mayHold(description, place, deps)) ? 'may-be' : 'no';
  } catch (error) {
    if (error instanceof PermanentError && error.reason === 'secret-missing') return 'no';
    // Deleted between two looks, or nobody of ours may read it: it may hold the key, and its name says who has to look.
    const isOutOfReach = error instanceof PermanentError && ['secret-deleting', 'access-denied'].includes(error.reason);
    if (isOutOfReach) return 'may-be';
    throw error;
  }
}

// Nobody may read a secret that is being deleted, and somebody may restore it.
async function mayHold(description: SecretDescription, { provider, target }: Place, deps: Ports): Promise<boolean> {
  // Another stage's, and whether it has a key of its own nobody here can ask.
  if (entry(deps.config.providers, provider) === undefined) return false;
  const keys = await deps.issue(provider).list({ target });
  return mayHoldAnother(description, new Set(keys.map(({ mark }) => mark)), deps);
}

// Looked at before and after its values: what was current until just before may be the previous one only for a moment.
async function holds(before: SecretDescription, old: OldKey, deps: Ports): Promise<boolean> {
  const { arn } = before;
  if (await givesKey(arn, old, deps.secrets)) return true;
  const after = await deps.secrets.describe(arn);
  const { ledger } = deps;
  for (const versionId of new Set([
    ...(await versionsInGrace(before, ledger)),
    ...(await versionsInGrace(after, ledger)),
  ])) {
    if (showsIt(await readOldVersion(arn, versionId, deps), old)) return true;
  }
  return false;
}
