import { isDeepStrictEqual } from 'node:util';

import type { SecretDescription } from '@keyturn/aws/secret-store';
import { eventFacts } from '@keyturn/config/event-facts';
import { runbookUrl } from '@keyturn/config/managed-secret';
import { occurrence } from '@keyturn/events/occurrence';
import { RotationOverdue } from '@keyturn/events/rotation-overdue';
import { secretHash } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import type { Condition } from './find-conditions.ts';
import { conditions as conditionsRow, conditionsKey, type Conditions } from './watch-rows.ts';

type Subject = Pick<SecretDescription, 'arn' | 'name' | 'tags'> & {
  readonly rotation?: Pick<SecretDescription['rotation'], 'lastAt' | 'nextAt'>;
};

type Reminders = {
  /** By what the ledger knows it; its ARN unless given. */
  readonly known?: string;
  readonly remindMs?: number;
};

const weekMs = 7 * 86_400_000;

/**
 * Tells of each condition once, and again when it changes or when it is time to remind of it. One that is over is forgotten, so that it is told when it
 * comes back. Told before it is noted: what is lost in between is told again under the same idempotency key.
 */
export async function reportConditions(
  subject: Subject,
  found: readonly Condition[],
  deps: Deps,
  { known = subject.arn, remindMs = weekMs }: Reminders = {},
): Promise<void> {
  const { ledger, clock } = deps;
  const row = await ledger.read(conditionsKey(known), conditionsRow);
  const before = row?.value.conditions ?? {};
  const after: Conditions = {};
  for (const condition of found) {
    const entry = entryOf(before[condition.why], condition, clock.now());
    const isTime = clock.now() >= tellAt(entry, condition, remindMs);
    if (isTime) await tell(subject, condition, entry, deps);
    after[condition.why] = isTime ? { ...entry, toldAt: clock.now(), times: entry.times + 1 } : entry;
  }
  if (isDeepStrictEqual(before, after)) return;
  // Lost to another run of the watchdog, it is told once more at worst.
  await ledger.write(conditionsKey(known), { conditions: after }, row?.rev ?? 0);
}

type Entry = Conditions[string];

function entryOf(known: Entry | undefined, { since, detail }: Condition, now: number): Entry {
  const token = [since ?? '', detail ?? ''].join('#');
  return known?.token === token ? known : { token, firstSeenAt: now, toldAt: null, times: 0 };
}

function tellAt({ toldAt, firstSeenAt }: Entry, { patienceMs }: Condition, remindMs: number): number {
  return toldAt === null ? firstSeenAt + patienceMs : toldAt + remindMs;
}

async function tell(subject: Subject, condition: Condition, entry: Entry, deps: Deps): Promise<void> {
  const { why, detail = null } = condition;
  const since = condition.since ?? entry.firstSeenAt;
  const facts = {
    ...eventFacts(subject, deps.config),
    runbookUrl: `${runbookUrl(deps.config)}/${why === 'admin-secret' ? 'admin-secret' : 'rotation-overdue'}`,
    why,
    since: iso(since),
    about: detail,
    lastRotatedAt: isoOrNull(subject.rotation?.lastAt),
    nextRotationAt: isoOrNull(subject.rotation?.nextAt),
  };
  const about = occurrence(deps, {
    correlationId: `${secretHash(subject.arn)}/overdue/${why}`,
    idempotencyKey: [subject.arn, 'overdue', why, detail ?? '', since, entry.times].join('#'),
  });
  await deps.bus.publish(RotationOverdue.create(facts, about));
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : iso(ms));
