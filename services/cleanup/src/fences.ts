import { hasSeen, mayProlong, readAnnouncement } from '@keyturn/aws/announcement';
import { beginning, type Superseded } from '@keyturn/aws/supersession';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { markOf, ownership } from '@keyturn/rotation/mark';
import { readAgreeing } from '@keyturn/rotation/shape';

import type { Deps } from './deps.ts';
import { earliest } from './due-time.ts';
import { findLateReaders, findReader, findUser, type Kept } from './gates.ts';
import { holdsKey, labelsOf, type Live } from './managed-versions.ts';
import { isNamed, namedElsewhere, type Elsewhere } from './named-keys.ts';
import { findOldKey, type OldKey } from './old-key.ts';
import { refuseSharedKey } from './refuse-shared-key.ts';
import { settleCurrent } from './settle-current.ts';
import { switchOn } from './switch-on.ts';

export type Verdict =
  | { readonly verdict: 'go'; readonly old: OldKey }
  /** Not yet, or not any more: the row is to be written so. */
  | { readonly verdict: 'wait'; readonly row: Superseded }
  | Kept;

/**
 * Whether the key of a superseded version may be touched. Passed before it is disabled and again before it is deleted, and never remembered. Throws
 * PermanentError with the reason for holding it, TransientError to look again soon.
 */
export async function passFences(row: Superseded, live: Live, deps: Deps): Promise<Verdict> {
  const early = await lookFirst(row, live, deps);
  if (early !== undefined) return early;
  await refuseUnseen(row, live, deps);
  await obeyPolicy(row, live, deps);

  // Before anything below reads an old version itself.
  const lastRead = await deps.secrets.lastRead(live.secret.arn);
  const reader = await findReader(row, lastRead, live, deps);
  if (reader !== undefined) return reader;
  const late = await findLateReaders(row, live, deps);
  if (late !== undefined) return late;

  const old = await findOldKey(row, live, deps);
  if (old === undefined) return { verdict: 'wait', row: { ...row, stage: 'retired', held: null, dueAt: null } };
  if (await isNamed(old, row, live, deps)) return raised(row, live, deps);
  const elsewhere = await namedElsewhere(old, row, lastRead, live, deps);
  const later = waitForOthers(elsewhere, row, live, deps);
  if (later !== undefined) return later;
  const needed = elsewhere.reader ?? (await findUser(row, old, live, deps));
  if (needed !== undefined) return needed;
  await refuseSharedKey(old, row, deps);
  await proveCurrent(live, deps);
  return { verdict: 'go', old };
}

// What was current a moment ago, or came and went, may be the version of this very row: its grace begins when the announcer sees it. The watchdog sees to
// it that it does. Until then a key that somebody set out to switch off is on.
async function refuseUnseen(row: Superseded, live: Live, deps: Deps): Promise<void> {
  const { description, secret } = live;
  const known = (await readAnnouncement(deps.ledger, description.arn))?.value;
  if (hasSeen(known, description)) return;
  const isCurrent = known !== undefined && labelsOf(live, known.currentVersionId).includes('AWSCURRENT');
  const { changedAt = 0 } = description;
  // What prolongs nothing is not waited for, either.
  if (isCurrent && known.changedAt !== null && !mayProlong(known, changedAt, secret.policy.maxGraceMs)) return;
  if (row.stage === 'grace' && row.mayBeOff) await switchOn(row, live, deps);
  throw new TransientError('The secret was changed, and the announcer has not seen it yet');
}

type Wait = Extract<Verdict, { verdict: 'wait' }>;

/**
 * What is looked at even while the fleet is paused: whether the current key is on, and whether the version is not due. TransientError: the current key had to be
 * switched on.
 */
export async function lookFirst(row: Superseded, live: Live, deps: Deps): Promise<Wait | undefined> {
  // First of all, and whatever the policy says: a current key that is off is an outage.
  if (await settleCurrent(live, deps, { correlationId: row.correlationId }))
    throw new TransientError('The current key had to be restored first');
  const labels = labelsOf(live, row.versionId);
  if (labels.includes('AWSCURRENT') || labels.includes('AWSPENDING')) return raised(row, live, deps);

  const dueAt = earliest(row, live);
  if (deps.clock.now() < dueAt) return { verdict: 'wait', row: { ...row, dueAt } };
  return undefined;
}

function waitForOthers(
  { until, currentUntil }: Elsewhere,
  row: Superseded,
  live: Live,
  deps: Deps,
): Verdict | undefined {
  // It was current after all that this row tells: what was done and approved before says nothing of that time.
  if (row.kind === 'superseded' && currentUntil > row.supersededAt) return raisedTo(currentUntil, row, live);
  return deps.clock.now() < until ? { verdict: 'wait', row: { ...row, dueAt: until } } : undefined;
}

// Supersession is only ever raised: a version that is current now was superseded at the earliest now. What somebody approved of it is history.
function raised(row: Superseded, live: Live, { clock }: Deps): Wait {
  return raisedTo(clock.now(), row, live);
}

function raisedTo(supersededAt: number, row: Superseded, live: Live): Wait {
  // An earlier version noted no doubt of a key that it switched off.
  const mayBeOff = row.mayBeOff || row.stage === 'disabled';
  const again: Superseded = { ...row, ...beginning, mayBeOff, supersededAt };
  return { verdict: 'wait', row: { ...again, dueAt: earliest(again, live) } };
}

async function obeyPolicy(row: Superseded, { secret: { policy } }: Live, deps: Deps): Promise<void> {
  const { retirement, deletion } = policy;
  if (retirement === 'observe') throw new PermanentError('observe-only', 'The policy only reports');
  // Nobody was ever given the key of an orphan: nothing is at stake in its deletion.
  const unapproved = deletion === 'approve' && row.kind === 'superseded' && row.deletionApprovedAt === null;
  if (unapproved && (await nextDeletes(row, deps))) {
    throw new PermanentError('not-approved', 'Nobody approved its deletion yet', { field: deletionField });
  }
  if (retirement === 'approve' && row.approvedAt === null)
    throw new PermanentError('not-approved', 'Nobody approved it yet');
}

/** The `field` of a refusal that is about the deletion. */
export const deletionField = 'deletion';

async function nextDeletes({ stage, provider }: Superseded, { issue }: Deps): Promise<boolean> {
  return stage === 'disabled' || !(await issue(provider).describe()).reversibleDisable;
}

// The gate: as long as the current key is not proven to work, and to be this secret's, the old one may be needed.
async function proveCurrent({ secret, version, current, currentVersionId }: Live, deps: Deps): Promise<void> {
  // Somebody changed the current version in one place only: whoever reads another one of its places gets the old key.
  readAgreeing(secret.shape, version);
  const { probe } = secret.policy;
  const { key, use } = await deps
    .issue(secret.provider.id)
    .check({ target: secret.target, credential: current, probe, times: 1 });
  if (key.state !== 'enabled' || key.secretMatches === false) {
    throw new PermanentError('key-rejected', 'The current key is not usable');
  }
  const owner = ownership(key.mark, markOf(secret.arn, currentVersionId, secret.environment));
  if (owner === 'other-secret' || owner === 'other-installation') {
    throw new PermanentError('shared-key', 'The current key belongs to another secret, whose rotation ends it');
  }
  if (use.outcome === 'no-probe') throw new PermanentError('misconfigured', 'No probe fits the current key');
  if (use.outcome === 'rejected') throw new PermanentError('key-rejected', 'The current key is refused in use');
}

/** Read again after the key was disabled, and before it is deleted: is it what applications get by now? */
export async function becameCurrent(old: OldKey, { secret }: Live, { secrets }: Deps): Promise<boolean> {
  return holdsKey(secret, await secrets.value(secret.arn, { stage: 'AWSCURRENT' }), old.keyId);
}

/**
 * Whether the secret was changed since it was judged. What was current meanwhile, be it for a second, was read by somebody; the announcer, whom the fences wait
 * for, has that version keep its key.
 */
export async function changedSince(
  { description: before, currentVersionId }: Live,
  { secrets }: Deps,
): Promise<boolean> {
  const { changedAt, stages } = await secrets.describe(before.arn);
  return changedAt !== before.changedAt || stages.get(currentVersionId)?.includes('AWSCURRENT') !== true;
}
