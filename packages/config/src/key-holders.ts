import type { Ledger } from '@keyturn/aws/ledger';
import type {
  ListedSecret,
  SecretDescription,
  SecretLister,
  SecretReader,
  SecretVersion,
} from '@keyturn/aws/secret-store';
import { listSuperseded } from '@keyturn/aws/supersession';
import type { Credential } from '@keyturn/rotation/credential';
import { copyFinder, mentionsKey } from '@keyturn/rotation/credential-copies';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import type { Config } from './config.ts';
import { entry } from './entry.ts';
import { tagNames } from './managed-secret.ts';

/** `credential`: undefined where only the key id is known. */
export type HeldKey = { readonly keyId: Hidden; readonly credential: Credential | undefined };
type Place = { readonly secretArn: string; readonly target: string };

/**
 * The secrets, but for the one that is asked about, whose tags say that they may hold a key of the target. Whichever provider one names: two of the
 * configuration may be one organization. One without any is nobody's to read.
 */
export async function* secretsBeside(
  { secretArn, target }: Partial<Place> & Pick<Place, 'target'>,
  secrets: SecretLister,
): AsyncIterable<ListedSecret & { readonly provider: string }> {
  for await (const other of secrets.listSecrets({ tagKey: tagNames.target, tagValue: target })) {
    const provider = entry(other.tags, tagNames.provider) ?? '';
    if (other.arn !== secretArn && provider !== '') yield { ...other, provider };
  }
}

/** Whether the secret gives the key to its readers, or is about to. */
export async function givesKey(secretArn: string, key: HeldKey, secrets: SecretReader): Promise<boolean> {
  for (const stage of ['AWSCURRENT', 'AWSPENDING']) {
    if (showsIt(await secrets.value(secretArn, { stage }), key)) return true;
  }
  return false;
}

type Ports = { readonly ledger: Ledger; readonly config: Pick<Config, 'stage'> };

/**
 * Whether the secret may give its readers a key that is not its own, or gave them one until lately, as far as that shows without a look into it. It does not if
 * each version that counts has a key of its own at the provider: `marks` are those of the keys that are there.
 */
export async function mayHoldAnother(
  description: SecretDescription,
  marks: ReadonlySet<string | undefined>,
  { ledger, config }: Ports,
): Promise<boolean> {
  const current = [...description.stages].flatMap(([id, labels]) => (labels.includes('AWSCURRENT') ? [id] : []));
  const needed = [...current, ...(await versionsInGrace(description, ledger))];
  return needed.some((versionId) => !marks.has(formatMark(markOf(description.arn, versionId, config.stage))));
}

/** By the ledger, and the previous one too if the ledger does not know of it yet. */
export async function versionsInGrace(
  { arn, stages }: SecretDescription,
  ledger: Ledger,
): Promise<ReadonlySet<string>> {
  const rows = await listSuperseded(ledger, arn);
  const previous = [...stages].flatMap(([id, labels]) => (labels.includes('AWSPREVIOUS') ? [id] : []));
  const unknown = previous.filter((id) => rows.every(({ value }) => value.versionId !== id));
  return new Set([...unknown, ...rows.flatMap(({ value }) => (value.stage === 'grace' ? [value.versionId] : []))]);
}

/** Whether the key stands anywhere in the version, whatever the shape of its text. */
export function showsIt(version: SecretVersion | undefined, { keyId, credential }: HeldKey): boolean {
  if (version === undefined) return false;
  const content = version.text.reveal();
  return mentionsKey(content, keyId) || (credential !== undefined && copyFinder(credential)(content) !== undefined);
}

/**
 * Refuses to replace a key that another secret gives its readers, where no mark tells whose it is. PermanentError('shared-key') whose field names the other
 * secret. One that cannot be read is passed over: before the key ends, whoever ends it looks once more, and does not.
 */
export async function refuseKeyOfAnother(
  credential: Credential,
  place: Place,
  secrets: SecretLister & SecretReader,
): Promise<void> {
  const key = { keyId: credential.keyId, credential };
  for await (const { arn, name, deletedAt } of secretsBeside(place, secrets)) {
    if (deletedAt !== undefined || !(await isGiven(arn, key, secrets))) continue;
    throw new PermanentError('shared-key', `${name} gives the key to its readers too`, { field: name });
  }
}

const outOfReach: ReadonlySet<string> = new Set(['secret-missing', 'secret-deleting', 'access-denied']);

async function isGiven(secretArn: string, key: HeldKey, secrets: SecretReader): Promise<boolean> {
  try {
    return await givesKey(secretArn, key, secrets);
  } catch (error) {
    if (error instanceof PermanentError && outOfReach.has(error.reason)) return false;
    throw error;
  }
}
