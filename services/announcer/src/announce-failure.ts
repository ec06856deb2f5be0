import { partitionOf, readAnnouncement } from '@keyturn/aws/announcement';
import type { Ledger, LedgerKey } from '@keyturn/aws/ledger';
import { eventFacts } from '@keyturn/config/event-facts';
import { occurrence } from '@keyturn/events/occurrence';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { TransientError, type Reason } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';
import * as z from 'zod';

import type { Deps } from './announce-current.ts';
import { describeManaged } from './describe-managed.ts';
import type { Notice } from './parse-notice.ts';

type Ended = Extract<Notice, { kind: 'ended' }>;
type Told = Extract<Notice, { kind: 'told' }>;

const failure = z.object({ token: z.string(), toldAt: z.number(), by: z.enum(['handler', 'announcer']) });

const failureKey = (secretArn: string, token: string): LedgerKey => ({
  partition: partitionOf(secretArn),
  row: `failure#${token}`,
});

/** How long the handler's own event may take to get here, in milliseconds. CloudTrail is usually minutes later than it. */
const settleMs = 10_000;

/** Tells of a rotation whose handler died before it could. One that the handler told of is not told again. */
export async function announceFailure(ended: Ended, deps: Deps): Promise<void> {
  const { secretArn, token } = ended;
  if (await wasTold(ended, deps.ledger)) return;
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
    liveCredential:
      description.stages.get(token)?.includes('AWSCURRENT') === true ? ('new' as const) : ('old' as const),
    attempt: 1,
    nextRetry: description.rotation.nextAt === undefined ? null : new Date(description.rotation.nextAt).toISOString(),
  };
  const about = occurrence(deps, {
    correlationId: `${secretHash(secretArn)}/${token}`,
    idempotencyKey: [secretArn, token, ended.step, reason].join('#'),
  });
  await deps.bus.publish(RotationFailed.create(facts, about));
  await remember(ended, 'announcer', deps);
}

/** The handler told of this token; what CloudTrail says of it later is known already. */
export async function noteTold(told: Told, deps: Deps): Promise<void> {
  if (!(await wasTold(told, deps.ledger))) await remember(told, 'handler', deps);
}

async function wasTold({ secretArn, token }: Ended | Told, ledger: Ledger): Promise<boolean> {
  return (await ledger.read(failureKey(secretArn, token), failure)) !== undefined;
}

async function remember(
  { secretArn, token, at }: Ended | Told,
  by: 'handler' | 'announcer',
  { ledger }: Deps,
): Promise<void> {
  await ledger.write(failureKey(secretArn, token), { token, toldAt: at, by }, 0);
}
