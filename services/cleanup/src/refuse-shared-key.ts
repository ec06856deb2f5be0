import { listSuperseded } from '@keyturn/aws/supersession';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import { entry } from '@keyturn/config/entry';
import { givesKey, secretsBeside, showsIt } from '@keyturn/config/key-holders';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { readOldVersion } from './managed-versions.ts';
import type { OldKey } from './old-key.ts';

type Place = { readonly secretArn: string; readonly provider: string; readonly target: string };
type Asked = Omit<Place, 'provider'>;
type Ports = Pick<Deps, 'secrets' | 'ledger' | 'clock' | 'config' | 'issue'>;

/**
 * Refuses to end a key that another secret gives its readers still, or gave them until lately: somebody pasted one key into two secrets, and this one was
 * rotated first. Its tags say which secrets may hold it, their values say whether they do. PermanentError('shared-key') whose field names the other secret.
 */
export async function refuseSharedKey(old: OldKey, place: Asked, deps: Ports): Promise<void> {
  for await (const { arn, name, provider } of secretsBeside(place, deps.secrets)) {
    if (await isShared(old, { ...place, secretArn: arn, provider }, deps)) {
      throw new PermanentError('shared-key', 'Another secret gives the key to its readers, or may do so', {
        field: name,
      });
    }
  }
}

async function isShared(old: OldKey, place: Place, deps: Ports): Promise<boolean> {
  try {
    const description = await deps.secrets.describe(place.secretArn);
    return await (description.deletedAt === undefined
      ? holds(description, old, deps)
      : mayHold(description, place, deps));
  } catch (error) {
    if (error instanceof PermanentError && error.reason === 'secret-missing') return false;
    // Deleted between two looks, or nobody of ours may read it: it may hold the key, and its name says who has to look.
    const isOutOfReach = error instanceof PermanentError && ['secret-deleting', 'access-denied'].includes(error.reason);
    if (isOutOfReach) return true;
    throw error;
  }
}

// Nobody may read a secret that is being deleted, and somebody may restore it. It does not hold the key if each version that counts has one of its own at
// the provider, with its mark.
async function mayHold(description: SecretDescription, { provider, target }: Place, deps: Ports): Promise<boolean> {
  // Another stage's, and whether it has a key of its own nobody here can ask.
  if (entry(deps.config.providers, provider) === undefined) return false;
  const current = [...description.stages].flatMap(([id, labels]) => (labels.includes('AWSCURRENT') ? [id] : []));
  const marks = new Set((await deps.issue(provider).list({ target })).map(({ mark }) => mark));
  const needed = [...current, ...(await inGrace(description, deps))];
  return needed.some((versionId) => !marks.has(formatMark(markOf(description.arn, versionId, deps.config.stage))));
}

// Looked at before and after its values: what was current until just before may be the previous one only for a moment.
async function holds(before: SecretDescription, old: OldKey, deps: Ports): Promise<boolean> {
  const { arn } = before;
  if (await givesKey(arn, old, deps.secrets)) return true;
  const after = await deps.secrets.describe(arn);
  for (const versionId of new Set([...(await inGrace(before, deps)), ...(await inGrace(after, deps))])) {
    if (showsIt(await readOldVersion(arn, versionId, deps), old)) return true;
  }
  return false;
}

// By the ledger, and the previous one too if the ledger does not know of it yet.
async function inGrace({ arn, stages }: SecretDescription, { ledger }: Ports): Promise<ReadonlySet<string>> {
  const rows = await listSuperseded(ledger, arn);
  const previous = [...stages].flatMap(([id, labels]) => (labels.includes('AWSPREVIOUS') ? [id] : []));
  const unknown = previous.filter((id) => rows.every(({ value }) => value.versionId !== id));
  return new Set([...unknown, ...rows.flatMap(({ value }) => (value.stage === 'grace' ? [value.versionId] : []))]);
}
