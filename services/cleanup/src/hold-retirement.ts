import type { LedgerRow } from '@keyturn/aws/ledger';
import { writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { eventFacts } from '@keyturn/config/event-facts';
import { timingOf } from '@keyturn/config/timing';
import { occurrence } from '@keyturn/events/occurrence';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import type { Reason } from '@keyturn/rotation/errors';

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
  const description = await deps.secrets.describe(row.secretArn);
  const facts = {
    ...eventFacts(description, deps.config, reason),
    versionId: row.versionId,
    currentVersionId: [...description.stages].find(([, labels]) => labels.includes('AWSCURRENT'))?.[0] ?? null,
    reason,
    nextTryAt: new Date(nextTryAt).toISOString(),
  };
  const about = occurrence(deps, {
    correlationId: row.correlationId,
    idempotencyKey: [row.secretArn, row.versionId, row.n, 'held', reason].join('#'),
  });
  await deps.bus.publish(RetirementHeld.create(facts, about));
}
