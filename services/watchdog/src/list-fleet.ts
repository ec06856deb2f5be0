import type { ListedSecret } from '@keyturn/aws/secret-store';
import { tagNames } from '@keyturn/config/managed-secret';
import { secretHash } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';

export type FleetList = {
  /** Those that are not being deleted, by ARN; no replicas, which the Region of their primary watches. */
  readonly live: readonly ListedSecret[];
  /** Those that wait for their deletion; no replicas either. */
  readonly waiting: readonly ListedSecret[];
  /** Of all of them, deleting ones and replicas included. */
  readonly hashes: ReadonlySet<string>;
  /** undefined: every one is listed. */
  readonly failure: unknown;
};

type Listing = { readonly secrets: Pick<Deps['secrets'], 'listSecrets'>; readonly log: Deps['log'] };

/** All secrets that bear our tag, with the little that is kept of each. A list that breaks off is watched as far as it goes. */
export async function listFleet({ secrets, log }: Listing): Promise<FleetList> {
  const live: ListedSecret[] = [];
  const waiting: ListedSecret[] = [];
  const hashes = new Set<string>();
  let failure: unknown;
  try {
    for await (const secret of secrets.listSecrets({ tagKey: tagNames.provider })) {
      hashes.add(secretHash(secret.arn));
      if (secret.isReplica === true) continue;
      (secret.deletedAt === undefined ? live : waiting).push({ ...secret, tags: ourTags(secret) });
    }
  } catch (error) {
    log.error('The list of secrets is not complete', { listed: hashes.size, error });
    failure = error;
  }
  return { live: live.sort(byArn), waiting: waiting.sort(byArn), hashes, failure };
}

const byArn = (a: ListedSecret, b: ListedSecret) => (a.arn < b.arn ? -1 : 1);

// A secret may have 50 tags of 256 characters, and there may be 10,000 secrets.
function ourTags({ tags }: ListedSecret): Record<string, string> {
  return Object.fromEntries(
    Object.values(tagNames).flatMap((name) => (name in tags ? [[name, tags[name] ?? '']] : [])),
  );
}

/** Beginning behind where the last run stopped. */
export function startingAfter<Item>(items: readonly Item[], last: string | null, idOf: (item: Item) => string): Item[] {
  const start = items.findIndex((item) => last === null || idOf(item) > last);
  return start <= 0 ? [...items] : [...items.slice(start), ...items.slice(0, start)];
}
