import type { SecretDescription } from '@keyturn/aws/secret-store';
import { eventFacts } from '@keyturn/config/event-facts';
import { managedSecret } from '@keyturn/config/managed-secret';
import { acceptsOutage } from '@keyturn/config/outage-window';
import { occurrence } from '@keyturn/events/occurrence';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { PendingError, PermanentError, TransientError, type Reason } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';

import type { RotationRequest } from './rotation-request.ts';
import type { Deps } from './rotation.ts';
import { sendHint } from './send-hint.ts';

export type Failure = {
  readonly request: RotationRequest;
  readonly description: SecretDescription;
  readonly error: unknown;
};

/**
 * Tells that a step failed. It never throws: the failure itself goes to Secrets Manager, whose own event makes up for one that is lost here.
 * A key that is merely not accepted everywhere yet is not worth a message before its budget ends.
 */
export async function publishFailure(failure: Failure, deps: Deps): Promise<void> {
  const { request, description, error } = failure;
  const { secretArn, token, step } = request;
  try {
    if (error instanceof PendingError && (await withinBudget(failure, deps))) {
      await sendHint('RotationWaiting', { secretArn, versionId: token }, deps);
      return;
    }
    const { reason, field, retryable } = explain(error);
    const live = await liveCredential(failure, reason, deps);
    // What is current by now did not fail for good, whoever made it so: the next time the token is asked for it is found finished.
    if (live === 'new' && !retryable) {
      await sendHint('RotationWaiting', { secretArn, versionId: token }, deps);
      return;
    }
    const facts = {
      ...eventFacts(description, deps.config, reason),
      versionId: token,
      step,
      reason,
      field,
      retryable,
      liveCredential: live,
      attempt: deps.countFailure(token),
      nextRetry: isoOrNull(description.rotation.nextAt),
    };
    const about = occurrence(deps, {
      correlationId: `${secretHash(secretArn)}/${token}`,
      idempotencyKey: [secretArn, token, step, reason].join('#'),
    });
    await deps.bus.publish(RotationFailed.create(facts, about));
  } catch (publishing) {
    deps.log.error('RotationFailed could not be published', { secretArn, versionId: token, step, error: publishing });
  }
}

type Explanation = { readonly reason: Reason; readonly field: string | null; readonly retryable: boolean };

function explain(error: unknown): Explanation {
  if (error instanceof PermanentError) return { reason: error.reason, field: error.field ?? null, retryable: false };
  if (error instanceof PendingError) return { reason: 'not-propagated', field: null, retryable: true };
  if (error instanceof TransientError) return { reason: 'unavailable', field: null, retryable: true };
  return { reason: 'internal', field: null, retryable: true };
}

async function withinBudget({ request, description }: Failure, { config, secrets, clock }: Deps): Promise<boolean> {
  const { policy } = managedSecret(description, config);
  const pending = await secrets.value(request.secretArn, { versionId: request.token });
  return pending !== undefined && clock.now() - pending.createdAt < policy.propagationBudgetMs;
}

// Before the provider is asked for a key.
const harmless: ReadonlySet<Reason> = new Set(['outside-window', 'unsupported', 'misconfigured']);

// What applications are given, or what their key belongs to, may be gone or off.
const ofWhatIsUsed: ReadonlySet<Reason> = new Set([
  'secret-missing',
  'secret-deleting',
  'target-missing',
  'key-rejected',
]);
// About one of two keys. The last step looks at the new one alone; before it the reason does not tell which.
const ofAKey: ReadonlySet<Reason> = new Set(['shape-mismatch', 'not-yours', 'key-disabled']);

// The labels tell which key applications are given, and not whether it works.
async function liveCredential(
  { request: { secretArn, token, step }, description }: Failure,
  reason: Reason,
  { secrets, config }: Deps,
): Promise<'old' | 'new' | 'unknown'> {
  try {
    const { stages } = await secrets.describe(secretArn);
    if (stages.get(token)?.includes('AWSCURRENT') === true) return 'new';
    if (ofWhatIsUsed.has(reason) || (ofAKey.has(reason) && step !== 'finishSecret')) return 'unknown';
    // Without overlap the old key may have ended, and the new one is not there yet.
    return !harmless.has(reason) && acceptsOutage(description, config) ? 'unknown' : 'old';
  } catch {
    return 'unknown';
  }
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
