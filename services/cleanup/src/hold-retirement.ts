import type { LedgerRow } from '@keyturn/aws/ledger';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import { writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { eventFacts } from '@keyturn/config/event-facts';
import { timingOf } from '@keyturn/config/timing';
import { occurrence } from '@keyturn/events/occurrence';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';
import { parseSecretArn } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';

export type Hold = {
  readonly reason: Reason;
  /** What does not happen; by the row's stage unless given. */
  readonly step?: 'disable' | 'delete';
  /** The key lives longer than the policy allows: told once more. */
  readonly overMaxGrace?: boolean;
  readonly forceAt?: number | null;
  readonly lateReaders?: string[];
};

/** Leaves a due key alive, looks again later, and tells the owner once per reason. `change`: what else the row has to say from now on. */
export async function holdRetirement(
  { value: row, rev }: LedgerRow<Superseded>,
  hold: Hold,
  deps: Deps,
  change: Partial<Superseded> = {},
): Promise<void> {
  const { reason, overMaxGrace = false } = hold;
  const now = deps.clock.now();
  const { holdRetryMs } = timingOf(deps.config);
  const dueAt = change.dueAt ?? now + holdRetryMs;
  const known = row.held?.reason === reason && row.held.overMaxGrace === overMaxGrace;
  if (!known) await tell({ row, hold, nextTryAt: dueAt }, deps);
  const since = row.held?.reason === reason ? row.held.since : now;
  const held = { reason, since, overMaxGrace };
  await writeSuperseded(deps.ledger, { ...row, dueAt, held, ...change }, rev);
}

type Held = { readonly row: Superseded; readonly hold: Hold; readonly nextTryAt: number };

async function tell({ row, hold, nextTryAt }: Held, deps: Deps): Promise<void> {
  const { reason, step = row.stage === 'disabled' ? 'delete' : 'disable', overMaxGrace = false, forceAt = null } = hold;
  const description = await describeIfThere(row, reason, deps);
  const gone = { arn: row.secretArn, name: parseSecretArn(row.secretArn).name, tags: {} };
  const labelled = [...(description?.stages ?? [])].find(([, labels]) => labels.includes('AWSCURRENT'));
  const facts = {
    ...eventFacts(description ?? gone, deps.config, reason),
    versionId: row.versionId,
    currentVersionId: labelled?.[0] ?? null,
    reason,
    nextTryAt: new Date(nextTryAt).toISOString(),
    step,
    overMaxGrace,
    forceAt: forceAt === null ? null : new Date(forceAt).toISOString(),
    lateReaders: hold.lateReaders,
  };
  const about = occurrence(deps, {
    correlationId: row.correlationId,
    // A row may be held for one reason, go on, and be held for it again.
    idempotencyKey: [row.secretArn, row.versionId, row.n, 'held', reason, row.stage, row.supersededAt]
      .concat(overMaxGrace ? ['over-max-grace'] : [])
      .join('#'),
  });
  await deps.bus.publish(RetirementHeld.create(facts, about));
}

// The owner of a secret that is gone, or that nobody may read any more, has to hear of its key all the same. One that does not answer for ever may be the
// very reason.
async function describeIfThere(
  { secretArn }: Superseded,
  reason: Reason,
  { secrets }: Deps,
): Promise<SecretDescription | undefined> {
  try {
    return await secrets.describe(secretArn);
  } catch (error) {
    if (error instanceof PermanentError || reason === 'unavailable') return undefined;
    throw error;
  }
}
