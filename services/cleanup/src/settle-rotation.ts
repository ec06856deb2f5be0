import { RotationFailed } from '@keyturn/events/rotation-failed';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { VerificationFailed } from '@keyturn/events/verification-failed';
import { VersionAdopted } from '@keyturn/events/version-adopted';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';
import { parseSecretArn, secretHash } from '@keyturn/rotation/mark';
import * as z from 'zod';

import { countRefusal } from './breaker.ts';
import { clearDeadPending, clearStuckPending } from './clear-dead-pending.ts';
import type { Deps } from './deps.ts';
import { hearReader, parseSaid, type Said } from './hear-reader.ts';
import { readJudgeable } from './managed-versions.ts';
import { noteForgotten } from './note-forgotten.ts';
import { settleCurrent } from './settle-current.ts';

export type Outcome =
  | { readonly type: 'rotated'; readonly event: SecretRotated }
  | { readonly type: 'failed'; readonly event: RotationFailed }
  | { readonly type: 'refused'; readonly event: VerificationFailed }
  | { readonly type: 'said'; readonly said: Said }
  /** Nothing happened that we know of: the watchdog passed by. */
  | { readonly type: 'watched'; readonly secretArn: string };

const envelope = z.object({ 'detail-type': z.string() });

const watched = z.object({
  source: z.literal('keyturn'),
  'detail-type': z.literal('SecretWatched'),
  detail: z.object({ secretArn: z.string() }),
});

/** Throws a ZodError or PermanentError('malformed'). */
export function parseOutcome(body: unknown): Outcome {
  const { 'detail-type': type } = envelope.parse(body);
  if (type === SecretRotated.type) return { type: 'rotated', event: SecretRotated.parse(body) };
  if (type === RotationFailed.type) return { type: 'failed', event: RotationFailed.parse(body) };
  if (type === VerificationFailed.type) return { type: 'refused', event: VerificationFailed.parse(body) };
  if (type === VersionAdopted.type) return { type: 'said', said: parseSaid(body) };
  if (type === 'SecretWatched') {
    const { secretArn } = watched.parse(body).detail;
    parseSecretArn(secretArn);
    return { type: 'watched', secretArn };
  }
  throw new PermanentError('malformed', 'An event that nobody sends here', { field: 'detail-type' });
}

/**
 * What has to be put right at once after a rotation, one that failed or a current key that is refused, and again whenever the watchdog passes by. The old key is not this function's business: the announcer noted it before it told of the
 * new one, and the sweep retires it when it is due.
 */
export async function settleRotation(outcome: Outcome, deps: Deps): Promise<void> {
  if (outcome.type === 'failed') {
    // A failure that may heal says nothing of the current key, and its provider may not answer.
    const { event } = outcome;
    await eachOf(
      () => clearDeadPending(event, deps),
      async () => (event.data.retryable ? undefined : settleFirst(event, deps)),
    );
    return;
  }
  if (outcome.type === 'watched') {
    await settleOrLeave(outcome.secretArn, deps);
    return;
  }
  if (outcome.type === 'said') {
    await hearReader(outcome.said, deps);
    return;
  }
  if (outcome.type === 'refused') {
    // Neither waits for the other: the breaker is there for a provider that fails, and a key is switched on whatever is wrong with the breaker.
    const { event } = outcome;
    await eachOf(
      () => countRefusal(event, deps),
      () => settleFirst(event, deps),
    );
    return;
  }
  const { data, metadata } = outcome.event;
  // The verifier tells the owner of a paste that is no credential; there is nothing to put right here.
  const live = await readJudgeable(data.secretArn, deps);
  if (live === undefined) return;
  const { correlationId } = metadata;
  await settleCurrent(live, deps, { correlationId, pasted: data.cause === 'manual' });
  await noteForgotten(live, deps, correlationId);
}

/** One after the other, each whatever becomes of those before: what waits for no provider comes first. */
async function eachOf(...steps: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

// What is refused, or stands in the way of a rotation, may be a current key that is off. Where it may not be looked at, its owner has heard of it by the same event.
async function settleFirst({ data, metadata }: RotationFailed | VerificationFailed, deps: Deps): Promise<void> {
  const { secretArn } = data;
  try {
    const live = await readJudgeable(secretArn, deps);
    if (live !== undefined) await settleCurrent(live, deps, { correlationId: metadata.correlationId });
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    deps.log.warn('The current key of a secret cannot be looked at', { secretArn, error });
  }
}

// The watchdog comes again in an hour, and counts what does not answer: while a provider is down there must not be a dead letter for each secret each hour.
async function settleOrLeave(secretArn: string, deps: Deps): Promise<void> {
  try {
    await settleWatched(secretArn, deps);
  } catch (error) {
    const foreseen = [TransientError, PendingError, PermanentError].some((known) => error instanceof known);
    if (!foreseen) throw error;
    deps.log.warn('A secret is left to the next look of the watchdog', { secretArn, error });
  }
}

// What an event should have done by now, whichever was lost.
async function settleWatched(secretArn: string, deps: Deps): Promise<void> {
  const live = await readJudgeable(secretArn, deps);
  if (live === undefined) return;
  const correlationId = `${secretHash(secretArn)}/${live.currentVersionId}`;
  await settleCurrent(live, deps, { correlationId });
  await clearStuckPending(live, deps);
  await noteForgotten(live, deps, correlationId);
}
