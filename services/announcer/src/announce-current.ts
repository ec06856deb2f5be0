import { announcementKey, firstNumber, readAnnouncement, type Announcement } from '@keyturn/aws/announcement';
import type { EventBus } from '@keyturn/aws/event-bus';
import type { Ledger, LedgerRow } from '@keyturn/aws/ledger';
import { rotationLabel, type SecretDescription, type SecretReader } from '@keyturn/aws/secret-store';
import { noteSuperseded, readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import type { Config } from '@keyturn/config/config';
import { eventFacts } from '@keyturn/config/event-facts';
import { managedSecret, type ManagedSecret } from '@keyturn/config/managed-secret';
import { occurrence } from '@keyturn/events/occurrence';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import type { Clock } from '@keyturn/rotation/clock';
import { TransientError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';

import { describeManaged } from './describe-managed.ts';

export type Deps = {
  readonly config: Config;
  readonly secrets: Pick<SecretReader, 'describe'>;
  readonly ledger: Ledger;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly newId: () => string;
};

const replicaPauseMs = 5000;
const staleReadPauseMs = 2000;

/**
 * Tells subscribers once about each change of AWSCURRENT, whoever made it. What is current is read, never taken from the message: `versionId` only
 * says which version was current at some time. The end of the old key is noted before anybody is told of the new one.
 */
export async function announceCurrent(hint: { secretArn: string; versionId: string }, deps: Deps): Promise<void> {
  const known = await readAnnouncement(deps.ledger, hint.secretArn);
  const description = await describeManaged(hint.secretArn, known !== undefined, deps);
  if (description === undefined) return;
  waitForReplicas(description);
  const secret = managedSecret(description, deps.config);
  const current = currentVersionOf(description);
  if (current === undefined) return;
  refuseStaleRead(description, hint.versionId);

  const row = await recordChange({ secret, description, current, seen: hint.versionId, known }, deps);
  if (row.announced < row.n) await tell(row, secret, description, deps);
}

type Look = {
  readonly secret: ManagedSecret;
  readonly description: SecretDescription;
  readonly current: string;
  /** A version that was current at some time, by what we heard. */
  readonly seen: string;
  readonly known: LedgerRow<Announcement> | undefined;
};

async function recordChange(look: Look, deps: Deps): Promise<Announcement> {
  const { secret, current, known } = look;
  const now = deps.clock.now();
  if (known?.value.currentVersionId === current) {
    await noteHeardOf(look, known.value, deps);
    return known.value;
  }
  const next = known === undefined ? await firstRow(look, deps) : await nextRow(look, known.value, deps);
  if (next.previousVersionId !== null) await noteGone(next.previousVersionId, next.n, { next, now, look }, deps);
  await noteHeardOf(look, next, deps);
  if (await deps.ledger.write(announcementKey(secret.arn), next, known?.rev ?? 0)) return next;
  throw new TransientError('Another announcer saw the same change');
}

// Of a secret that the ledger does not know only what stands on it can be told; with nothing before it there is nothing to tell.
async function firstRow(look: Look, { clock, ledger }: Deps): Promise<Announcement> {
  const { secret, description, current } = look;
  const previous = labelled(description, 'AWSPREVIOUS') ?? null;
  const n = firstNumber(clock.now());
  return {
    secretArn: secret.arn,
    secretName: secret.name,
    currentVersionId: current,
    previousVersionId: previous,
    n,
    since: clock.now(),
    cause: previous === null ? 'adoption' : await causeOf(look, ledger),
    announced: previous === null ? n : n - 1,
  };
}

async function nextRow(look: Look, last: Announcement, { clock, ledger }: Deps): Promise<Announcement> {
  return {
    ...last,
    currentVersionId: look.current,
    previousVersionId: last.currentVersionId,
    n: last.n + 1,
    since: clock.now(),
    cause: await causeOf(look, ledger),
  };
}

// Heard of, but never seen current: it came and went between two looks. A row that exists knows more than an old message.
async function noteHeardOf(look: Look, next: Announcement, deps: Deps): Promise<void> {
  const { seen, current } = look;
  if (seen === current || seen === next.previousVersionId) return;
  await noteGone(seen, 0, { next, now: deps.clock.now(), look }, deps);
}

type Change = { readonly next: Announcement; readonly now: number; readonly look: Look };

async function noteGone(versionId: string, n: number, { next, now, look }: Change, { ledger }: Deps): Promise<void> {
  const { secret } = look;
  await noteSuperseded(ledger, {
    secretArn: secret.arn,
    versionId,
    kind: 'superseded',
    n,
    supersededAt: now,
    supersededBy: next.currentVersionId,
    correlationId: correlationOf(next),
    dueAt: now + secret.policy.graceMs + secret.timing.marginMs,
  });
}

// A version that was superseded before is current again: somebody rolled back. A version that Keyturn wrote bears its label.
async function causeOf({ secret, description, current }: Look, ledger: Ledger): Promise<Announcement['cause']> {
  const earlier = await readSuperseded(ledger, supersededKey(secret.arn, current));
  if (earlier?.value.kind === 'superseded') return 'rollback';
  return description.stages.get(current)?.includes(rotationLabel) === true ? 'rotation' : 'manual';
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

// The hint comes after the label move; a description that still calls the version pending is older than the hint.
function refuseStaleRead({ stages }: SecretDescription, versionId: string): void {
  const labels = stages.get(versionId) ?? [];
  if (labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT')) {
    throw new TransientError('Secrets Manager still shows the version as pending', { retryAfterMs: staleReadPauseMs });
  }
}

function currentVersionOf(description: SecretDescription): string | undefined {
  return labelled(description, 'AWSCURRENT');
}

function labelled({ stages }: SecretDescription, label: string): string | undefined {
  return [...stages].find(([, labels]) => labels.includes(label))?.[0];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
