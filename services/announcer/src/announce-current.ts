import { announcementKey, hasSeen, nextNumber, readAnnouncement, type Announcement } from '@keyturn/aws/announcement';
import type { EventBus } from '@keyturn/aws/event-bus';
import type { Ledger, LedgerRow } from '@keyturn/aws/ledger';
import { rotationLabel, type SecretDescription, type SecretReader } from '@keyturn/aws/secret-store';
import { heardNumber, lookAgain, noteSuperseded, readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import type { Config } from '@keyturn/config/config';
import { eventFacts } from '@keyturn/config/event-facts';
import { managedSecret, type ManagedSecret } from '@keyturn/config/managed-secret';
import { occurrence } from '@keyturn/events/occurrence';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import type { Clock } from '@keyturn/rotation/clock';
import { TransientError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';

import { describeManaged } from './describe-managed.ts';
import type { Moved } from './parse-notice.ts';

export type Deps = {
  readonly config: Config;
  readonly secrets: Pick<SecretReader, 'describe'>;
  readonly ledger: Ledger;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly newId: () => string;
};

// A message comes back five times at most, so it has to come back slowly enough: replicas take half a minute, and a description may be older than
// the event for some seconds.
const replicaPauseMs = 60_000;
const staleReadPauseMs = 20_000;
const youngMs = 60_000;
const conflictPauseMs = 1000;

/**
 * Tells subscribers once about each change of AWSCURRENT, whoever made it. What is current is read, never taken from the message, which only says
 * which version was current at some time. The end of the old key is noted before anybody is told of the new one.
 */
export async function announceCurrent(moved: Omit<Moved, 'kind'>, deps: Deps): Promise<void> {
  const known = await readAnnouncement(deps.ledger, moved.secretArn);
  const description = await describeManaged(moved.secretArn, known !== undefined, deps);
  if (description === undefined) return;
  const secret = managedSecret(description, deps.config);
  const current = labelled(description, 'AWSCURRENT');
  if (current === undefined) return;
  refuseStaleRead(current, moved, deps);

  const row = await recordChange({ secret, description, current, moved, known }, deps);
  if (row.announced >= row.n) return;
  waitForReplicas(description);
  await tell(row, secret, description, deps);
}

type Look = {
  readonly secret: ManagedSecret;
  readonly description: SecretDescription;
  readonly current: string;
  readonly moved: Omit<Moved, 'kind'>;
  readonly known: LedgerRow<Announcement> | undefined;
};

async function recordChange(look: Look, deps: Deps): Promise<Announcement> {
  const { secret, description, current, moved, known } = look;
  if (known?.value.currentVersionId === current) {
    await noteHeardOf(look, known.value, deps);
    await noteAbandoned(look, known.value, deps);
    return noteLook(look, known, deps);
  }
  const next = known === undefined ? await firstRow(look, deps) : await nextRow(look, known.value, deps);
  // Two versions if a change between the last look and this one went unseen.
  const gone = [next.previousVersionId, labelled(description, 'AWSPREVIOUS'), await beforeLast(look, deps)];
  for (const versionId of new Set(gone)) {
    if (typeof versionId === 'string') await noteGone({ versionId, n: next.n }, { look, next }, deps);
  }
  if (moved.versionId !== next.previousVersionId) await noteHeardOf(look, next, deps);
  await noteAbandoned(look, next, deps);
  await lookAgain(deps.ledger, secret.arn, current);
  if (await deps.ledger.write(announcementKey(secret.arn), next, known?.rev ?? 0)) return next;
  throw new TransientError('Another announcer saw the same change', { retryAfterMs: conflictPauseMs });
}

// Between the last look and this one AWSCURRENT may have been back on the version before, and this change covers the traces: if that is in its grace still,
// its grace begins anew.
async function beforeLast({ secret, known, current }: Look, { ledger }: Deps): Promise<string | undefined> {
  const versionId = known?.value.previousVersionId ?? undefined;
  if (versionId === undefined || versionId === current) return undefined;
  const row = await readSuperseded(ledger, supersededKey(secret.arn, versionId));
  return row?.value.stage === 'grace' ? versionId : undefined;
}

// Of a secret that the ledger does not know only what stands on it can be told; with nothing before it there is nothing to tell.
async function firstRow(look: Look, { clock, ledger }: Deps): Promise<Announcement> {
  const { secret, description, current } = look;
  const previous = labelled(description, 'AWSPREVIOUS') ?? null;
  const n = nextNumber(0, clock.now());
  return {
    secretArn: secret.arn,
    secretName: secret.name,
    provider: secret.provider.id,
    target: secret.target,
    currentVersionId: current,
    previousVersionId: previous,
    n,
    since: clock.now(),
    cause: previous === null ? 'adoption' : await causeOf(look, ledger),
    announced: previous === null ? n : n - 1,
    changedAt: description.changedAt ?? null,
  };
}

async function nextRow(look: Look, last: Announcement, { clock, ledger }: Deps): Promise<Announcement> {
  return {
    ...last,
    provider: look.secret.provider.id,
    target: look.secret.target,
    currentVersionId: look.current,
    previousVersionId: last.currentVersionId,
    n: nextNumber(last.n, clock.now()),
    since: clock.now(),
    cause: await causeOf(look, ledger),
    changedAt: look.description.changedAt ?? null,
  };
}

// The secret was changed since the last look, and stands on the same version. AWSCURRENT may have been away and have come back, and whatever told of it is
// lost: then the previous version was current until that change at the latest, and whoever read it then gets a whole grace.
async function noteLook(look: Look, { value, rev }: LedgerRow<Announcement>, deps: Deps): Promise<Announcement> {
  const { description, secret } = look;
  if (hasSeen(value, description) || description.changedAt === undefined) return value;
  const previous = labelled(description, 'AWSPREVIOUS');
  const row =
    previous === undefined ? undefined : await readSuperseded(deps.ledger, supersededKey(secret.arn, previous));
  if (previous !== undefined && value.changedAt !== null && (row === undefined || row.value.stage === 'grace')) {
    await noteGone(
      { versionId: previous, n: heardNumber, currentAt: description.changedAt },
      { look, next: value },
      deps,
    );
  }
  const seen = { ...value, changedAt: description.changedAt };
  if (await deps.ledger.write(announcementKey(secret.arn), seen, rev)) return seen;
  throw new TransientError('Another announcer saw the same change', { retryAfterMs: conflictPauseMs });
}

// It came and went between two looks. What an old message says of a version that was superseded later is known already.
async function noteHeardOf(look: Look, next: Announcement, deps: Deps): Promise<void> {
  const { moved, current } = look;
  if (moved.versionId === current) return;
  await noteGone({ versionId: moved.versionId, n: heardNumber, currentAt: moved.at }, { look, next }, deps);
}

// A version of a rotation that bears none of the labels was pushed aside by a person's edit, and nobody may ever ask for its step again. Whether it
// was current for a moment cannot be told from the labels, so it gets a whole grace.
async function noteAbandoned(look: Look, next: Announcement, deps: Deps): Promise<void> {
  const { secret, description } = look;
  const versionId = labelled(description, rotationLabel);
  const labels = description.stages.get(versionId ?? '') ?? [];
  if (versionId === undefined || labels.some((label) => label.startsWith('AWS'))) return;
  if ((await readSuperseded(deps.ledger, supersededKey(secret.arn, versionId))) !== undefined) return;
  await noteGone({ versionId, n: heardNumber }, { look, next }, deps);
}

type Gone = { readonly versionId: string; readonly n: number; readonly currentAt?: number };
type Change = { readonly look: Look; readonly next: Announcement };

async function noteGone(
  { versionId, n, currentAt }: Gone,
  { look, next }: Change,
  { ledger, clock }: Deps,
): Promise<void> {
  const { secret, known } = look;
  const now = clock.now();
  const place = known?.value ?? { provider: secret.provider.id, target: secret.target };
  await noteSuperseded(
    ledger,
    {
      secretArn: secret.arn,
      versionId,
      provider: place.provider,
      target: place.target,
      kind: 'superseded',
      n,
      supersededAt: now,
      supersededBy: next.currentVersionId,
      correlationId: correlationOf(next),
      dueAt: now + secret.policy.graceMs + secret.timing.marginMs,
    },
    currentAt,
  );
}

// A version that was superseded before is current again: somebody rolled back. A version that Keyturn wrote bears its label, until the next rotation
// takes it; the handler's hint says it too.
async function causeOf({ secret, description, current, moved }: Look, ledger: Ledger): Promise<Announcement['cause']> {
  const earlier = await readSuperseded(ledger, supersededKey(secret.arn, current));
  if (earlier?.value.kind === 'superseded') return 'rollback';
  const hinted = moved.byRotation && moved.versionId === current;
  return hinted || description.stages.get(current)?.includes(rotationLabel) === true ? 'rotation' : 'manual';
}

async function tell(
  row: Announcement,
  secret: ManagedSecret,
  description: SecretDescription,
  deps: Deps,
): Promise<void> {
  const facts = {
    ...eventFacts(description, deps.config),
    versionId: row.currentVersionId,
    previousVersionId: row.previousVersionId,
    cause: row.cause === 'adoption' ? ('manual' as const) : row.cause,
    verification: secret.policy.verification,
    oldCredentialValidUntil: row.previousVersionId === null ? null : iso(row.since + secret.policy.graceMs),
    nextRotationAt: description.rotation.nextAt === undefined ? null : iso(description.rotation.nextAt),
  };
  const about = occurrence(deps, { correlationId: correlationOf(row), idempotencyKey: `${row.secretArn}#${row.n}` });
  await deps.bus.publish(SecretRotated.create(facts, about));
  await markAnnounced(row, deps.ledger);
}

// Losing this means telling it again, under the same idempotency key.
async function markAnnounced(row: Announcement, ledger: Ledger): Promise<void> {
  const latest = await readAnnouncement(ledger, row.secretArn);
  if (latest === undefined || latest.value.n !== row.n) return;
  await ledger.write(announcementKey(row.secretArn), { ...latest.value, announced: row.n }, latest.rev);
}

/** A rotation and its failures share the token; a rollback or an edit is a story of its own each time. */
function correlationOf({ secretArn, currentVersionId, n, cause }: Announcement): string {
  const base = `${secretHash(secretArn)}/${currentVersionId}`;
  return cause === 'rotation' ? base : `${base}/${n}`;
}

// Subscribers in another Region would read the old value.
function waitForReplicas({ replicas }: SecretDescription): void {
  if (replicas.every(({ status }) => status !== 'InProgress')) return;
  throw new TransientError('A replica is not in sync yet', { retryAfterMs: replicaPauseMs });
}

// The message comes after the label move. Where the description knows nothing of it, either the description is older or the label has moved on; a
// minute later it is the latter.
function refuseStaleRead(current: string, { versionId, at }: Omit<Moved, 'kind'>, { clock }: Deps): void {
  if (current === versionId || clock.now() - at >= youngMs) return;
  throw new TransientError('Secrets Manager shows another version as current', { retryAfterMs: staleReadPauseMs });
}

function labelled({ stages }: SecretDescription, label: string): string | undefined {
  return [...stages].find(([, labels]) => labels.includes(label))?.[0];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
