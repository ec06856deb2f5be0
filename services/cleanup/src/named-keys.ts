import { listSuperseded, type Superseded } from '@keyturn/aws/supersession';

import type { Deps } from './deps.ts';
import { earliest } from './due-time.ts';
import { findReader, type Kept } from './gates.ts';
import { holdsKey, labelsOf, readOldVersion, showsKey, type Live } from './managed-versions.ts';
import type { OldKey } from './old-key.ts';

/**
 * Whether the key is current or pending under another version id: somebody pasted it back. What is said never to have been current must not be what was
 * current until now, either.
 */
export async function isNamed(old: OldKey, { kind }: Superseded, live: Live, deps: Deps): Promise<boolean> {
  const { secret, description, current } = live;
  if (current.keyId.reveal() === old.keyId.reveal()) return true;
  const pending = await deps.secrets.value(secret.arn, { stage: 'AWSPENDING' });
  if (await holdsKey(secret, pending, old.keyId)) return true;
  if (kind !== 'orphan') return false;
  const previous = [...description.stages.keys()].find((id) => labelsOf(live, id).includes('AWSPREVIOUS'));
  if (previous === undefined) return false;
  return holdsKey(secret, await readOldVersion(secret.arn, previous, deps), old.keyId);
}

export type Elsewhere = { readonly until: number; readonly currentUntil: number; readonly reader: Kept | undefined };

/**
 * Until when others hold the key, because it was current under another version id later than under this one, or stood in another place of that version;
 * until when it was current there; and whether somebody still reads it there.
 */
export async function namedElsewhere(
  old: OldKey,
  row: Superseded,
  lastRead: ReadonlyMap<string, number>,
  live: Live,
  deps: Deps,
): Promise<Elsewhere> {
  let until = 0;
  let currentUntil = 0;
  let reader: Kept | undefined;
  for (const { value: other } of await listSuperseded(deps.ledger, row.secretArn)) {
    if (other.versionId === row.versionId || other.stage === 'retired') continue;
    // Nobody was given the key by what never was current. It waits for this version, and the two would wait for each other.
    if (row.kind === 'superseded' && other.kind === 'orphan') continue;
    // Asked before we read it ourselves.
    const itsReader = await findReader(other, lastRead, live, deps);
    const version = await readOldVersion(row.secretArn, other.versionId, deps);
    if (!(await showsKey(live.secret, version, old))) continue;
    until = Math.max(until, earliest({ ...other, stage: 'grace' }, live));
    if (other.kind === 'superseded') currentUntil = Math.max(currentUntil, other.supersededAt);
    if (row.stage === 'grace') reader ??= itsReader;
  }
  return { until, currentUntil, reader };
}
