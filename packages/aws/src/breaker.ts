import { createHash } from 'node:crypto';

import { TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import type { Ledger, LedgerKey, LedgerRow } from './ledger.ts';

/** What is counted over an hour: too much of it pauses the fleet. */
export const harms = ['failed-verifications', 'disables'] as const;
export type Harm = (typeof harms)[number];

const trip = z.object({
  at: z.number(),
  count: z.int(),
  limit: z.int(),
  /** When the first of those that were counted happened, to the minute. */
  since: z.number(),
  /** How far it went: nothing done yet, the fleet is paused, and that was told; `over`: a person let the fleet go on. */
  state: z.enum(['tripped', 'paused', 'told', 'over']),
});
export type Trip = z.output<typeof trip>;

/** One row for each kind of harm. Times in milliseconds since 1970, by our clock. */
const breaker = z.object({
  /** Minute since 1970 → digests of what happened in it, each once. Never more than an hour, and never more than it takes to trip. */
  counted: z.record(z.string(), z.array(z.string())),
  trip: trip.nullable(),
});
export type Breaker = z.output<typeof breaker>;

export const breakerKey = (harm: Harm): LedgerKey => ({ partition: 'breaker', row: harm });

export function readBreaker(ledger: Ledger, harm: Harm): Promise<LedgerRow<Breaker> | undefined> {
  return ledger.read(breakerKey(harm), breaker);
}

/** Whether a trip is not over yet: then nothing is destroyed, whatever the flag of the fleet says. */
export async function isTripped(ledger: Ledger): Promise<boolean> {
  const rows = await Promise.all(harms.map((harm) => readBreaker(ledger, harm)));
  return rows.some((row) => row !== undefined && row.value.trip !== null && row.value.trip.state !== 'over');
}

export type Counted = {
  readonly harm: Harm;
  /** Of what happened: repeats of it count once. */
  readonly id: string;
  readonly at: number;
  readonly now: number;
  /** One more than so many in an hour trips. */
  readonly limit: number;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * Counts what happened, or is about to, and trips in the same write when that is too much. What is older than an hour or than the last trip does not count.
 * While a trip is not over there is no second one. Answers the latest trip. TransientError: it was not counted, since others kept writing.
 */
export async function countHarm(ledger: Ledger, counted: Counted): Promise<Trip | null> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const row = await readBreaker(ledger, counted.harm);
    const before = row?.value ?? { counted: {}, trip: null };
    if (isPast(counted, before.trip)) return before.trip;
    const after = count(before, counted);
    if (after === before) return before.trip;
    if (await ledger.write(breakerKey(counted.harm), after, row?.rev ?? 0)) return after.trip;
  }
  throw new TransientError('Others kept counting what the breaker counts', { retryAfterMs: 1000 });
}

/** Notes how far a trip went. False: somebody else wrote first. */
export function noteTrip(ledger: Ledger, harm: Harm, { value, rev }: LedgerRow<Breaker>, trip: Trip): Promise<boolean> {
  return ledger.write(breakerKey(harm), { ...value, trip }, rev);
}

// What happens now counts, also by a clock that is behind the one by which it tripped.
function isPast({ at, now }: Counted, trip: Trip | null): boolean {
  return at <= now - hourMs || (at < now && at <= (trip?.at ?? 0));
}

function count(before: Breaker, { id, at, now, limit }: Counted): Breaker {
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 12);
  const recent = Object.entries(before.counted).filter(([minute]) => Number(minute) * minuteMs > now - hourMs);
  const isKnown = recent.some(([, digests]) => digests.includes(digest));
  const known = recent.reduce((sum, [, digests]) => sum + digests.length, 0);
  const total = known + (isKnown ? 0 : 1);
  const mayTrip = before.trip === null || before.trip.state === 'over';
  // A clock that is ahead makes nothing count for longer.
  const minute = String(Math.floor(Math.min(at, now) / minuteMs));
  const since = Math.min(...recent.map(([each]) => Number(each)), Number(minute)) * minuteMs;
  if (total > limit && mayTrip) return { counted: {}, trip: { at: now, count: total, limit, since, state: 'tripped' } };
  if (isKnown || known > limit) return before;
  const counted = Object.fromEntries(recent);
  return { ...before, counted: { ...counted, [minute]: [...(counted[minute] ?? []), digest] } };
}
