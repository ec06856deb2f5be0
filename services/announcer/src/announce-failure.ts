import { readAnnouncement } from '@keyturn/aws/announcement';
import type { Ledger } from '@keyturn/aws/ledger';
import { failureKey, rotationFailure, type RotationFailure } from '@keyturn/aws/rotation-failure';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import { eventFacts } from '@keyturn/config/event-facts';
import { acceptsOutage } from '@keyturn/config/outage-window';
import { occurrence } from '@keyturn/events/occurrence';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { TransientError, type Reason } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';

import type { Deps } from './announce-current.ts';
import { describeManaged } from './describe-managed.ts';
import type { Notice } from './parse-notice.ts';

type Ended = Extract<Notice, { kind: 'ended' }>;
type Told = Extract<Notice, { kind: 'told' }>;
type Waiting = Extract<Notice, { kind: 'waiting' }>;

/** How long the handler's own event may take to get here, in milliseconds. CloudTrail is usually minutes later than it. */
const settleMs = 10_000;
/** How long after the handler's end Secrets Manager may date the end of the attempt, clock skew included, in milliseconds. */
const echoMs = 60_000;

/** Tells of a rotation whose handler died before it could. One that the handler told of, or that merely waits, is not told. */
export async function announceFailure(ended: Ended, deps: Deps): Promise<void> {
  const { secretArn, token } = ended;
  if (await isKnown(ended, deps.ledger)) return;
  const known = await readAnnouncement(deps.ledger, secretArn);
  const description = await describeManaged(secretArn, known !== undefined, deps);
  if (description === undefined) return;
  const waitMs = ended.at + settleMs - deps.clock.now();
  if (waitMs > 0) throw new TransientError('The handler may tell it itself', { retryAfterMs: waitMs });

  const reason: Reason = ended.how === 'RotationAbandoned' ? 'abandoned' : 'handler-died';
  const facts = {
    ...eventFacts(description, deps.config, reason),
    versionId: token,
    step: ended.step,
    reason,
    field: null,
    retryable: reason === 'handler-died',
    liveCredential: liveCredential(description, token, deps),
    attempt: 1,
    nextRetry: description.rotation.nextAt === undefined ? null : new Date(description.rotation.nextAt).toISOString(),
  };
  const about = occurrence(deps, {
    correlationId: `${secretHash(secretArn)}/${token}`,
    idempotencyKey: [secretArn, token, ended.step, reason].join('#'),
  });
  await deps.bus.publish(RotationFailed.create(facts, about));
  const { step, field, retryable } = facts;
  await remember(ended, { what: 'told', failure: { step, reason, field, retryable } }, deps);
}

function liveCredential(description: SecretDescription, token: string, { config }: Deps): 'old' | 'new' | 'unknown' {
  if (description.stages.get(token)?.includes('AWSCURRENT') === true) return 'new';
  // Without overlap the old key may have ended, and the new one is not there yet.
  return acceptsOutage(description, config) ? 'unknown' : 'old';
}

/** The handler told of this token; what CloudTrail says of it later is known already. */
export function noteTold(told: Told, deps: Deps): Promise<void> {
  return remember(told, { what: 'told', failure: told.failure }, deps);
}

/** The handler ended this attempt without telling anybody; CloudTrail's echo of it is not worth telling either. */
export function noteWaiting(waiting: Waiting, deps: Deps): Promise<void> {
  return remember(waiting, { what: 'waiting' }, deps);
}

async function isKnown({ secretArn, token, at }: Ended, ledger: Ledger): Promise<boolean> {
  const row = await ledger.read(failureKey(secretArn, token), rotationFailure);
  if (row === undefined) return false;
  // The handler waited some minutes ago, and may have died since.
  return row.value.what === 'told' || at <= row.value.at + echoMs;
}

async function remember(
  { secretArn, token, at }: Ended | Told | Waiting,
  ending: Pick<RotationFailure, 'what' | 'failure'>,
  { ledger }: Deps,
): Promise<void> {
  const key = failureKey(secretArn, token);
  const row = await ledger.read(key, rotationFailure);
  // The latest failure counts, and it may be told twice; that one waits takes none back.
  if (row?.value.what === 'told' && (ending.what === 'waiting' || row.value.at >= at)) return;
  await ledger.write(key, { token, at, ...ending }, row?.rev ?? 0);
}
