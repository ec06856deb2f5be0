import { announcementKey, nextNumber, readAnnouncement, type Announcement } from '@keyturn/aws/announcement';
import type { EventBus } from '@keyturn/aws/event-bus';
import type { Ledger } from '@keyturn/aws/ledger';
import { rotationLabel, type SecretDescription, type SecretReader } from '@keyturn/aws/secret-store';
import { lookAgain, readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import type { Config } from '@keyturn/config/config';
import { eventFacts } from '@keyturn/config/event-facts';
import { managedSecret, type ManagedSecret } from '@keyturn/config/managed-secret';
import { occurrence } from '@keyturn/events/occurrence';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { secretRotation, type SecretRotation } from '@keyturn/events/secret-rotation';
import type { Clock } from '@keyturn/rotation/clock';
import { TransientError } from '@keyturn/rotation/errors';

import { describeManaged } from './describe-managed.ts';
import {
  correlationOf,
  labelled,
  noteAbandoned,
  noteBeforeLast,
  noteGone,
  noteHeardOf,
  noteLook,
  noteMovedAgain,
  seenTogether,
  type Look,
} from './note-gone.ts';
import type { Moved } from './parse-notice.ts';

export type Deps = {
  readonly config: Config;
  readonly secrets: Pick<SecretReader, 'describe'>;
  readonly ledger: Ledger;
  readonly bus: EventBus;
  /** Where the configuration asks for it: whoever waits for the Python package's event hears of the change too. */
  readonly defaultBus?: EventBus<SecretRotation> | undefined;
  readonly clock: Clock;
  readonly newId: () => string;
};

// A message comes back five times at most, so it has to come back slowly enough: replicas take half a minute, and a description may be older than
// the event for some seconds.
const replicaPauseMs = 60_000;
const staleReadPauseMs = 20_000;
const youngMs = 60_000;

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

async function recordChange(look: Look, deps: Deps): Promise<Announcement> {
  const { secret, description, current, moved, known } = look;
  if (known?.value.currentVersionId === current) {
    await noteHeardOf(look, known.value, deps);
    await noteMovedAgain(look, known.value, deps);
    await noteAbandoned(look, known.value, deps);
    return noteLook(look, known, deps);
  }
  const next = known === undefined ? await firstRow(look, deps) : await nextRow(look, known.value, deps);
  // Two versions if a change between the last look and this one went unseen.
  for (const versionId of new Set([next.previousVersionId, labelled(description, 'AWSPREVIOUS')])) {
    if (typeof versionId === 'string') await noteGone({ versionId, n: next.n }, { look, next }, deps);
  }
  await noteBeforeLast(look, next, deps);
  if (moved.versionId !== next.previousVersionId) await noteHeardOf(look, next, deps);
  await noteAbandoned(look, next, deps);
  await lookAgain(deps.ledger, secret.arn, current);
  if (await deps.ledger.write(announcementKey(secret.arn), next, known?.rev ?? 0)) return next;
  throw seenTogether();
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

// A version that was superseded before is current again: somebody rolled back. A version that Keyturn wrote bears its label, until the next rotation
// takes it; the handler's hint says it too.
async function causeOf({ secret, description, current, moved }: Look, ledger: Ledger): Promise<Announcement['cause']> {
  const earlier = await readSuperseded(ledger, supersededKey(secret.arn, current));
  if (earlier?.value.kind === 'superseded') return 'rollback';
  const hinted = moved.by === 'rotation' && moved.versionId === current;
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
    oldCredentialValidUntil: row.previousVersionId === null ? null : iso(oldKeyEnds(row, secret.policy)),
    nextRotationAt: description.rotation.nextAt === undefined ? null : iso(description.rotation.nextAt),
  };
  const about = occurrence(deps, { correlationId: correlationOf(row), idempotencyKey: `${row.secretArn}#${row.n}` });
  await deps.bus.publish(SecretRotated.create(facts, about));
  await deps.defaultBus?.publish(secretRotation(secret.name));
  await markAnnounced(row, deps.ledger);
}

// At once where the provider ends it, when it makes the new one; a person's edit ends nothing by itself.
function oldKeyEnds({ since, cause }: Announcement, { acceptOutage, graceMs }: ManagedSecret['policy']): number {
  return acceptOutage && cause === 'rotation' ? since : since + graceMs;
}

// Losing this means telling it again, under the same idempotency key.
async function markAnnounced(row: Announcement, ledger: Ledger): Promise<void> {
  const latest = await readAnnouncement(ledger, row.secretArn);
  if (latest === undefined || latest.value.n !== row.n) return;
  await ledger.write(announcementKey(row.secretArn), { ...latest.value, announced: row.n }, latest.rev);
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

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
