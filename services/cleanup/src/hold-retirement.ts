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

/** Leaves a due key alive, looks again later, and tells the owner once per reason. `change`: what else the row has to say from now on. */
export async function holdRetirement(
  { value: row, rev }: LedgerRow<Superseded>,
  reason: Reason,
  deps: Deps,
  change: Partial<Superseded> = {},
): Promise<void> {
  const now = deps.clock.now();
  const { holdRetryMs } = timingOf(deps.config);
  const dueAt = change.dueAt ?? now + holdRetryMs;
  const known = row.held?.reason === reason;
  if (!known) await tell({ row, reason, nextTryAt: dueAt }, deps);
  const held = known ? row.held : { reason, since: now };
  await writeSuperseded(deps.ledger, { ...row, dueAt, held, ...change }, rev);
}

type Held = { readonly row: Superseded; readonly reason: Reason; readonly nextTryAt: number };

async function tell({ row, reason, nextTryAt }: Held, deps: Deps): Promise<void> {
  const description = await describeIfThere(row.secretArn, deps);
  const gone = { arn: row.secretArn, name: parseSecretArn(row.secretArn).name, tags: {} };
  const labelled = [...(description?.stages ?? [])].find(([, labels]) => labels.includes('AWSCURRENT'));
  const facts = {
    ...eventFacts(description ?? gone, deps.config, reason),
    versionId: row.versionId,
    currentVersionId: labelled?.[0] ?? null,
    reason,
    nextTryAt: new Date(nextTryAt).toISOString(),
  };
  const about = occurrence(deps, {
    correlationId: row.correlationId,
    // A row may be held for one reason, go on, and be held for it again.
    idempotencyKey: [row.secretArn, row.versionId, row.n, 'held', reason, row.stage, row.supersededAt].join('#'),
  });
  await deps.bus.publish(RetirementHeld.create(facts, about));
}

// The owner of a secret that is gone, or that nobody may read any more, has to hear of its key all the same.
async function describeIfThere(secretArn: string, { secrets }: Deps): Promise<SecretDescription | undefined> {
  try {
    return await secrets.describe(secretArn);
  } catch (error) {
    if (error instanceof PermanentError) return undefined;
    throw error;
  }
}
