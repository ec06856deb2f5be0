import { announcementKey, hasSeen, mayProlong, type Announcement } from '@keyturn/aws/announcement';
import type { LedgerRow } from '@keyturn/aws/ledger';
import { rotationLabel, type SecretDescription } from '@keyturn/aws/secret-store';
import { heardNumber, noteSuperseded, readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import type { ManagedSecret } from '@keyturn/config/managed-secret';
import { TransientError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';

import type { Deps } from './announce-current.ts';
import type { Moved } from './parse-notice.ts';

/** One look at a secret: what it is, what made us look, and what was known. */
export type Look = {
  readonly secret: ManagedSecret;
  readonly description: SecretDescription;
  readonly current: string;
  readonly moved: Omit<Moved, 'kind'>;
  readonly known: LedgerRow<Announcement> | undefined;
};

/** Somebody else wrote first: it is looked at again. */
export const seenTogether = () => new TransientError('Another announcer saw the same change', { retryAfterMs: 1000 });

// Between the last look and this one AWSCURRENT may have been back on the version before, and this change covers the traces: if that is in its grace still,
// its grace begins anew. As with every mere suspicion, that ends with the policy's maxGrace.
export async function noteBeforeLast(look: Look, next: Announcement, deps: Deps): Promise<void> {
  const { secret, known, current, description } = look;
  const versionId = known?.value.previousVersionId ?? undefined;
  if (known === undefined || versionId === undefined || versionId === current) return;
  const { changedAt = deps.clock.now() } = description;
  if (!mayProlong(known.value, changedAt, secret.policy.maxGraceMs)) return;
  const row = await readSuperseded(deps.ledger, supersededKey(secret.arn, versionId));
  if (row?.value.stage !== 'grace') return;
  await noteGone({ versionId, n: next.n, story: row.value.correlationId }, { look, next }, deps);
}

// The secret was changed since the last look, and stands on the same version. AWSCURRENT may have been away and have come back, and whatever told of it is
// lost: then the previous version was current until that change at the latest, and whoever read it then gets a whole grace. Once the policy's maxGrace is
// over a mere suspicion prolongs nothing; who read it since shows by the day of the read.
export async function noteLook(look: Look, { value, rev }: LedgerRow<Announcement>, deps: Deps): Promise<Announcement> {
  const { description, secret } = look;
  if (hasSeen(value, description) || description.changedAt === undefined) return value;
  const { changedAt } = description;
  const previous = labelled(description, 'AWSPREVIOUS');
  // Where another version than the one we know is the previous one, there were changes that nobody saw, and both may have been current in them.
  for (const versionId of previous === undefined ? [] : new Set([previous, value.previousVersionId ?? previous])) {
    await noteDoubted(versionId, { look, next: value }, changedAt, deps);
  }
  const seen = { ...value, changedAt };
  if (await deps.ledger.write(announcementKey(secret.arn), seen, rev)) return seen;
  throw seenTogether();
}

async function noteDoubted(versionId: string, change: Change, changedAt: number, deps: Deps): Promise<void> {
  const { look, next } = change;
  const { policy, arn } = look.secret;
  if (next.changedAt === null) return;
  const row = await readSuperseded(deps.ledger, supersededKey(arn, versionId));
  const isNew = row === undefined && versionId === labelled(look.description, 'AWSPREVIOUS');
  const mayHaveBeen = row?.value.stage === 'grace' && mayProlong(next, changedAt, policy.maxGraceMs);
  if (!isNew && !mayHaveBeen) return;
  const at = Math.min(changedAt, deps.clock.now());
  await noteGone(
    { versionId, n: heardNumber, currentAt: changedAt, at, story: row?.value.correlationId },
    change,
    deps,
  );
}

// It came and went between two looks. What an old message says of a version that was superseded later is known already.
export async function noteHeardOf(look: Look, next: Announcement, deps: Deps): Promise<void> {
  const { moved, current } = look;
  if (moved.versionId === current) return;
  await noteGone({ versionId: moved.versionId, n: heardNumber, currentAt: moved.at }, { look, next }, deps);
}

// Secrets Manager tells of a move to the version that has been current for long, as far as we know: AWSCURRENT was away in between, and what told of that is
// lost. Whoever read the previous version until then gets a whole grace. Its word is more than a suspicion: it counts after the policy's maxGrace, too.
export async function noteMovedAgain(look: Look, known: Announcement, deps: Deps): Promise<void> {
  const { moved, secret, description } = look;
  const versionId = labelled(description, 'AWSPREVIOUS');
  const isAgain = moved.versionId === known.currentVersionId && moved.at > known.since + secret.timing.marginMs;
  if (moved.by !== 'event' || !isAgain || versionId === undefined) return;
  const at = Math.min(moved.at, deps.clock.now());
  await noteGone({ versionId, n: heardNumber, currentAt: at, at }, { look, next: known }, deps);
}

// A version of a rotation that bears none of the labels was pushed aside by a person's edit, and nobody may ever ask for its step again. Whether it
// was current for a moment cannot be told from the labels, so it gets a whole grace.
export async function noteAbandoned(look: Look, next: Announcement, deps: Deps): Promise<void> {
  const { secret, description } = look;
  const versionId = labelled(description, rotationLabel);
  const labels = description.stages.get(versionId ?? '') ?? [];
  if (versionId === undefined || labels.some((label) => label.startsWith('AWS'))) return;
  if ((await readSuperseded(deps.ledger, supersededKey(secret.arn, versionId))) !== undefined) return;
  await noteGone({ versionId, n: heardNumber }, { look, next }, deps);
}

type Gone = {
  readonly versionId: string;
  readonly n: number;
  readonly currentAt?: number;
  /** When it was current at the latest; now unless given. */
  readonly at?: number;
  /** In which story its end is told; that of the change unless given. */
  readonly story?: string | undefined;
};
type Change = { readonly look: Look; readonly next: Announcement };

export async function noteGone(
  { versionId, n, currentAt, at, story }: Gone,
  { look, next }: Change,
  { ledger, clock }: Deps,
): Promise<void> {
  const { secret, known } = look;
  const supersededAt = at ?? clock.now();
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
      supersededAt,
      supersededBy: next.currentVersionId,
      correlationId: story ?? correlationOf(next),
      dueAt: supersededAt + secret.policy.graceMs + secret.timing.marginMs,
    },
    currentAt,
  );
}

/** A rotation and its failures share the token; a rollback or an edit is a story of its own each time. */
export function correlationOf({ secretArn, currentVersionId, n, cause }: Announcement): string {
  const base = `${secretHash(secretArn)}/${currentVersionId}`;
  return cause === 'rotation' ? base : `${base}/${n}`;
}

export function labelled({ stages }: SecretDescription, label: string): string | undefined {
  return [...stages].find(([, labels]) => labels.includes(label))?.[0];
}
