import { rotationLabel } from '@keyturn/aws/secret-store';
import { listSuperseded } from '@keyturn/aws/supersession';
import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import { isOwn, isProvenByValue } from '@keyturn/credential-provider/ownership-proof';
import { markOf, ownership, parseMark } from '@keyturn/rotation/mark';

import { claimUnfinished } from './claim-unfinished.ts';
import type { Deps } from './deps.ts';
import { labelsOf, oldCredentialIn, readOldVersion, type Live } from './managed-versions.ts';

const inUse: ReadonlySet<string> = new Set(['AWSCURRENT', 'AWSPENDING']);

export function isInUse(seen: Pick<Live, 'description'>, versionId: string): boolean {
  return labelsOf(seen, versionId).some((label) => inUse.has(label));
}

/** Versions not in use whose keys the provider lists still: by their marks, which one that was never finished gets here, or, where keys bear none, by the values of the versions. */
export async function forgottenVersions(live: Live, deps: Deps): Promise<readonly string[]> {
  const { provider, target } = live.secret;
  const issue = deps.issue(provider.id);
  const capabilities = await issue.describe();
  if (!capabilities.listOwned) return [];
  if (!capabilities.mark && !isProvenByValue(capabilities)) return [];
  const listed = await issue.list({ target });
  const others = listed.filter(({ keyId }) => keyId.reveal() !== live.current.keyId.reveal());
  if (!capabilities.mark) return holdingVersions(others, live, deps);
  const marked = markedVersions(others, live);
  return others.some(({ mark }) => mark === undefined)
    ? [...marked, ...(await unfinishedVersions(marked, live, deps))]
    : marked;
}

/** What the last rotation wrote, if it was given up before it marked its key. Not read where a key bears its mark: whoever reads it may need that one. */
async function unfinishedVersions(marked: readonly string[], live: Live, deps: Deps): Promise<readonly string[]> {
  const { secret, description } = live;
  const versionId = [...description.stages.keys()].find((id) => labelsOf(live, id).includes(rotationLabel));
  if (versionId === undefined || isInUse(live, versionId) || marked.includes(versionId)) return [];
  const credential = await oldCredentialIn(secret, await readOldVersion(secret.arn, versionId, deps));
  if (credential === undefined) return [];
  const { provider, target } = secret;
  const { key } = await deps.issue(provider.id).check({ target, credential, probe: 'none', times: 1 });
  const place = { provider: provider.id, target, versionId };
  return (await claimUnfinished(place, { credential, key }, live, deps)) ? [versionId] : [];
}

function markedVersions(keys: readonly ListedKey[], live: Live): readonly string[] {
  const { secret, currentVersionId } = live;
  const ours = markOf(secret.arn, currentVersionId, secret.environment);
  return keys.flatMap(({ mark }) => {
    const versionId = parseMark(mark ?? '')?.versionId;
    const isOurs = ownership(mark, ours) === 'this-secret';
    return isOurs && versionId !== undefined && !isInUse(live, versionId) ? [versionId] : [];
  });
}

/**
 * No more is read than has to be: a version of an open row is known, and whoever reads it hides who else does. Versions that nobody ever read are none of
 * ours, which reads each before its key is made.
 */
async function holdingVersions(keys: readonly ListedKey[], live: Live, deps: Deps): Promise<readonly string[]> {
  const { secret, currentVersionId } = live;
  const open = new Set<string>();
  for (const { value } of await listSuperseded(deps.ledger, secret.arn)) {
    if (value.stage !== 'retired') open.add(value.versionId);
  }
  const pending = [...live.description.stages.keys()].filter((id) => id !== currentVersionId && isInUse(live, id));
  if (keys.length <= open.size + pending.length) return [];

  const ours = markOf(secret.arn, currentVersionId, secret.environment);
  const ids = new Set(keys.map(({ keyId }) => keyId.reveal()));
  const holding: string[] = [];
  for (const versionId of (await deps.secrets.lastRead(secret.arn)).keys()) {
    if (open.has(versionId) || isInUse(live, versionId)) continue;
    const credential = await oldCredentialIn(secret, await readOldVersion(secret.arn, versionId, deps));
    if (credential === undefined || !ids.has(credential.keyId.reveal())) continue;
    const issue = deps.issue(secret.provider.id);
    const { key } = await issue.check({ target: secret.target, credential, probe: 'none', times: 1 });
    if (isOwn(key, ours, await issue.describe())) holding.push(versionId);
  }
  return holding;
}
