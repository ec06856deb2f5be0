import type { Announcement } from '@keyturn/aws/announcement';
import { parseSchedule } from '@keyturn/aws/schedule-expression';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import type { ManagedSecret } from '@keyturn/config/managed-secret';

import type { Deps } from './deps.ts';

/** Something that is wrong with a secret and lasts. */
export type Condition = {
  readonly why:
    | 'missed'
    | 'not-attached'
    | 'disabled'
    | 'foreign-function'
    | 'misconfigured'
    | 'replica-failed'
    | 'admin-secret';
  /** Since when, in milliseconds since 1970; undefined: since it was seen first. */
  readonly since?: number | undefined;
  readonly detail?: string | undefined;
  /** Told once it was seen for so long: people are in the middle of something. */
  readonly patienceMs: number;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Seen by this hour's look and by the one before. */
export const twiceMs = hourMs / 2;
const slowReplicaMs = 3 * hourMs;

type Look = {
  readonly description: SecretDescription;
  /** undefined: its tags pick nothing that the configuration has. */
  readonly secret: ManagedSecret | undefined;
  readonly announcement: Announcement | undefined;
};

/** What is wrong with the rotation of a secret that is ours. */
export async function findConditions(look: Look, deps: Deps): Promise<readonly Condition[]> {
  const { rotation } = look.description;
  if (rotation.lambdaArn === undefined) return [{ why: 'not-attached', patienceMs: twiceMs }, ...replicas(look)];
  if (!rotation.enabled) return [{ why: 'disabled', patienceMs: twiceMs }, ...replicas(look)];
  const missedAt = await missedDate(look, deps);
  const missed = missedAt === undefined ? [] : [{ why: 'missed', since: missedAt, patienceMs: 0 } as const];
  return [...missed, ...replicas(look)];
}

function replicas({ description }: Look): readonly Condition[] {
  const failed = description.replicas.find(({ status }) => status === 'Failed');
  const slow = description.replicas.find(({ status }) => status === 'InProgress');
  if (failed !== undefined) return [{ why: 'replica-failed', detail: failed.region, patienceMs: twiceMs }];
  return slow === undefined ? [] : [{ why: 'replica-failed', detail: slow.region, patienceMs: slowReplicaMs }];
}

/** The date by which it should have been rotated, a day ago or more. */
async function missedDate(look: Look, deps: Deps): Promise<number | undefined> {
  const { rotation } = look.description;
  const overdueMs = windowOf(look.secret) + dayMs;
  const isOver = (at: number) => deps.clock.now() > at + overdueMs;
  if (rotation.nextAt !== undefined && isOver(rotation.nextAt)) return rotation.nextAt;
  // After a rotation that failed Secrets Manager names the next date, as if nothing was missed: the age of the key tells.
  const due = dueDate(look, keySince(look, 0));
  if (due === undefined || !isOver(due)) return undefined;
  const current = [...look.description.stages].find(([, labels]) => labels.includes('AWSCURRENT'))?.[0] ?? '';
  const createdAt = (await deps.secrets.versionDates(look.description.arn)).get(current);
  // A person may have put in a newer one.
  const exact = dueDate(look, keySince(look, createdAt ?? 0));
  return exact !== undefined && isOver(exact) ? exact : undefined;
}

/** Since when the current key is the current one, or since when the secret is ours. undefined: the announcer has not seen it yet. */
function keySince({ description, announcement }: Look, createdAt: number): number | undefined {
  if (announcement === undefined) return undefined;
  return Math.max(description.rotation.lastAt ?? 0, announcement.since, createdAt);
}

// By its own schedule or by that of its policy, whichever comes first.
function dueDate({ description, secret }: Look, since: number | undefined): number | undefined {
  if (since === undefined) return undefined;
  const schedules = [description.rotation.schedule, secret?.policy.schedule];
  const dates = schedules.flatMap((text) => parseSchedule(text ?? '')?.next(since) ?? []);
  return dates.length === 0 ? undefined : Math.min(...dates);
}

// Without one a window lasts until the day ends.
function windowOf(secret: ManagedSecret | undefined): number {
  const hours = Number.parseInt(secret?.policy.window ?? '24h', 10);
  return hours * hourMs;
}

/** How old the current key is at least, in milliseconds, as far as Keyturn has seen it. */
export function keyAge({ description, announcement }: Look, now: number): number {
  return now - (announcement?.since ?? description.rotation.lastAt ?? now);
}
