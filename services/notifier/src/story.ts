import * as z from 'zod';

import type { NotifiedEvent, NotifiedType } from './notified-event.ts';

const at = z.number();
/** A change may end more keys than one. Stories of an earlier version do not say which. */
const versionId = z.string().optional();

const failed = z.object({
  /** Of the newest failure. */
  at,
  firstAt: at,
  count: z.int().positive(),
  /** Ids of the events that were counted, the newest last. */
  counted: z.array(z.string()),
  step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret', 'unknown']),
  reason: z.string(),
  field: z.string().nullable(),
  retryable: z.boolean(),
  liveCredential: z.enum(['old', 'new', 'unknown']),
  nextRetry: at.nullable(),
  runbookUrl: z.string(),
});

/**
 * All that is known of one rotation (or one rollback, one adoption, …), whatever the order in which it was heard. Messages are written from
 * it, so that a late or repeated event never takes one back. Times in milliseconds since 1970.
 */
export const story = z.object({
  secret: z.object({
    at,
    name: z.string(),
    owner: z.string(),
    environment: z.string(),
    provider: z.string(),
    runbookUrl: z.string(),
  }),
  adopted: z
    .object({ at, schedule: z.string(), nextRotationAt: at.nullable(), requestsFail: z.boolean().optional() })
    .optional(),
  rotated: z
    .object({
      at,
      cause: z.enum(['rotation', 'rollback', 'manual']),
      verification: z.enum(['dataPlane', 'controlPlane']),
      hadPrevious: z.boolean(),
      oldWorksUntil: at.nullable(),
      nextRotationAt: at.nullable(),
    })
    .optional(),
  failed: failed.optional(),
  verified: z.object({ at, verification: z.enum(['dataPlane', 'controlPlane']) }).optional(),
  refused: z
    .object({
      at,
      reason: z.string(),
      code: z.string().nullable(),
      hasPrevious: z.boolean(),
      /** The earlier key that works still; null: none was found. Left out by events of an earlier version. */
      live: z.object({ versionId: z.string(), fingerprint: z.string(), since: at }).nullable().optional(),
      runbookUrl: z.string(),
    })
    .optional(),
  /** A person had put the key into the secret, and it was proven to be the secret's. */
  takenOver: z.object({ at }).optional(),
  disabled: z.object({ at, versionId, deleteAt: at }).optional(),
  retired: z.object({ at, versionId }).optional(),
  restored: z.object({ at }).optional(),
  held: z
    .object({
      at,
      versionId,
      reason: z.string(),
      step: z.enum(['disable', 'delete']).default('disable'),
      overMaxGrace: z.boolean().default(false),
      forceAt: at.nullable().default(null),
      /** Readers that have not said that they use a newer version. */
      lateReaders: z.array(z.string()).default([]),
      nextTryAt: at,
      runbookUrl: z.string(),
    })
    .optional(),
  /** A key whose secret is gone; only of a story of its own. `formerSecret`: left out where it came from an abandoned rotation. */
  found: z
    .object({
      at,
      formerSecret: z.string(),
      secretGone: z.boolean().default(false),
      target: z.string(),
      reapAt: at.nullable(),
      runbookUrl: z.string(),
    })
    .optional(),
  reaped: z.object({ at, formerSecret: z.string().optional() }).optional(),
  overdue: z
    .object({ at, why: z.string(), since: at, detail: z.string().nullable(), runbookUrl: z.string() })
    .optional(),
  /** Another change of the same secret came after this story, and made it history. */
  overtaken: z.object({ at }).optional(),
});
export type Story = z.output<typeof story>;

const hasPageOfItsOwn: ReadonlySet<NotifiedType> = new Set([
  'RotationFailed',
  'VerificationFailed',
  'RetirementHeld',
  'OrphanFound',
  'RotationOverdue',
]);

/** The story after one more event. Hearing an event again, or an older one of its kind, changes nothing but the count of failures. */
export function learn(before: Story | undefined, event: NotifiedEvent): Story {
  const { metadata, data } = event;
  const at = Date.parse(metadata.occurredAt);
  const { secretName: name, owner, environment, provider } = data;
  // The page of what went wrong belongs to that message alone: what is told later of the same rotation would link it.
  const runbookUrl = hasPageOfItsOwn.has(event.type) && before ? before.secret.runbookUrl : data.runbookUrl;
  const secret = newest(before?.secret, { at, name, owner, environment, provider, runbookUrl });
  return { ...before, secret, ...newFact(before ?? {}, event, at) };
}

/** The story once another change of its secret made it history. */
export function overtake(before: Story, at: number): Story {
  return { ...before, overtaken: newest(before.overtaken, { at }) };
}

type Facts = Partial<Story>;

const facts: { readonly [Type in NotifiedType]: (before: Facts, event: NotifiedEvent<Type>, at: number) => Facts } = {
  SecretAdopted: ({ adopted }, { data }, at) => ({
    adopted: newest(adopted, {
      at,
      schedule: data.schedule,
      nextRotationAt: timeOrNull(data.nextRotationAt),
      requestsFail: data.requestsFail,
    }),
  }),
  SecretRotated: ({ rotated }, { data }, at) => ({
    rotated: newest(rotated, {
      at,
      cause: data.cause,
      verification: data.verification,
      hadPrevious: data.previousVersionId !== null,
      oldWorksUntil: timeOrNull(data.oldCredentialValidUntil),
      nextRotationAt: timeOrNull(data.nextRotationAt),
    }),
  }),
  RotationFailed: ({ failed }, event, at) => ({ failed: countFailure(failed, event, at) }),
  CredentialVerified: ({ verified }, { data }, at) => ({
    verified: newest(verified, { at, verification: data.verification }),
  }),
  VerificationFailed: ({ refused }, { data: { reason, code, previousVersionId, live, runbookUrl } }, at) => ({
    refused: newest(refused, {
      at,
      reason,
      code,
      hasPrevious: previousVersionId !== null,
      live: live && { versionId: live.versionId, fingerprint: live.fingerprint, since: Date.parse(live.createdAt) },
      runbookUrl,
    }),
  }),
  CredentialAdopted: ({ takenOver }, _event, at) => ({ takenOver: newest(takenOver, { at }) }),
  CredentialDisabled: ({ disabled }, { data }, at) => ({
    disabled: newest(disabled, { at, versionId: data.versionId, deleteAt: Date.parse(data.deleteAt) }),
  }),
  CredentialRetired: ({ retired }, { data: { versionId } }, at) => ({ retired: newest(retired, { at, versionId }) }),
  CredentialRestored: ({ restored }, _event, at) => ({ restored: newest(restored, { at }) }),
  RetirementHeld: ({ held }, { data }, at) => ({
    held: newest(held, {
      at,
      versionId: data.versionId,
      reason: data.reason,
      step: data.step ?? 'disable',
      overMaxGrace: data.overMaxGrace ?? false,
      forceAt: timeOrNull(data.forceAt ?? null),
      lateReaders: data.lateReaders ?? [],
      nextTryAt: Date.parse(data.nextTryAt),
      runbookUrl: data.runbookUrl,
    }),
  }),
  OrphanFound: ({ found }, { data: { formerSecret, secretGone = false, target, reapAt, runbookUrl } }, at) => ({
    found: newest(found, { at, formerSecret, secretGone, target, reapAt: timeOrNull(reapAt), runbookUrl }),
  }),
  OrphanReaped: ({ reaped }, { data: { formerSecret } }, at) => ({ reaped: newest(reaped, { at, formerSecret }) }),
  RotationOverdue: ({ overdue }, { data: { why, since, about, runbookUrl } }, at) => ({
    overdue: newest(overdue, { at, why, since: Date.parse(since), detail: about, runbookUrl }),
  }),
};

function newFact<Type extends NotifiedType>(before: Facts, event: NotifiedEvent<Type>, at: number): Facts {
  return facts[event.type](before, event, at);
}

type Failed = NonNullable<Story['failed']>;

/** So many failures of one rotation are told from repeats of an event; older ones than these count as repeats. */
const countedAtMost = 100;

// Tries that end the same way share their idempotency key: only the event's own id tells the next try from a repeated message.
function countFailure(before: Failed | undefined, event: NotifiedEvent<'RotationFailed'>, at: number): Failed {
  const { step, reason, field, retryable, liveCredential, nextRetry, runbookUrl } = event.data;
  const { eventId } = event.metadata;
  const told = { at, step, reason, field, retryable, liveCredential, nextRetry: timeOrNull(nextRetry), runbookUrl };
  if (before === undefined) return { ...told, firstAt: at, count: 1, counted: [eventId] };
  const isForgotten = before.counted.length >= countedAtMost && at < before.at;
  if (isForgotten || before.counted.includes(eventId)) return before;
  return {
    ...(isEcho(before, told) ? before : isEcho(told, before) ? told : newest<typeof told>(before, told)),
    firstAt: Math.min(before.firstAt, at),
    count: before.count + 1,
    counted: [...before.counted, eventId].slice(-countedAtMost),
  };
}

type Ending = Pick<Failed, 'reason' | 'retryable'>;

// After a failure that no retry can mend the pending version is cleared, and Secrets Manager's own retry then finds it abandoned: that says nothing new.
function isEcho(first: Ending, second: Ending): boolean {
  return second.reason === 'abandoned' && first.reason !== 'abandoned' && !first.retryable;
}

function newest<Fact extends { readonly at: number }>(known: Fact | undefined, heard: Fact): Fact {
  return known !== undefined && known.at >= heard.at ? known : heard;
}

function timeOrNull(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso);
}
