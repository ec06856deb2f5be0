import { toldPartitionOf } from '@keyturn/aws/announcement';
import type { Ledger, LedgerKey } from '@keyturn/aws/ledger';
import type { Clock } from '@keyturn/rotation/clock';
import { TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { story } from './story.ts';

const row = z.object({
  story,
  /** Ids of everything that was worth telling. */
  heard: z.array(z.string()),
  slack: z.object({
    /** The message at the head of the thread, and a digest of what it shows. */
    head: z.object({ channel: z.string(), ts: z.string(), shown: z.string() }).nullable(),
    told: z.array(z.string()),
  }),
  mailed: z.array(z.string()),
  /** By the webhook's id; `open`: it has an alert that was not resolved. A row of an earlier version has none. */
  webhooks: z.record(z.string(), z.object({ told: z.array(z.string()), open: z.boolean() })).default({}),
  /** Somebody is telling it now. Times in milliseconds since 1970. */
  lease: z.object({ holder: z.string(), since: z.number(), until: z.number() }).nullable(),
});

/** What the notifier knows of one story, and what it told of it where. */
export type Told = Omit<z.output<typeof row>, 'lease'>;
type Lease = z.output<typeof row>['lease'];

export type ThreadId = { readonly secretArn: string; readonly correlationId: string };
export type Thread = { readonly told: Told | undefined; readonly lease: Lease; readonly rev: number };

/** Longer than the function may run: who holds a lease that ended is dead. */
const leaseMs = 90_000;
/** One that is older than this is probably a dead one's; until then it is worth to ask again soon. */
const freshMs = 5000;
const soonMs = 2000;

const keyOf = ({ secretArn, correlationId }: ThreadId): LedgerKey => ({
  partition: toldPartitionOf(secretArn),
  row: `thread#${correlationId}`,
});

export async function readThread(ledger: Ledger, id: ThreadId): Promise<Thread> {
  const found = await ledger.read(keyOf(id), row);
  if (found === undefined) return { told: undefined, lease: null, rev: 0 };
  const { lease, ...told } = found.value;
  return { told, lease, rev: found.rev };
}

export type Claim = {
  /** Notes what was told, and keeps the lease or gives it back. TransientError: the lease ended, and somebody else has the thread. */
  note(told: Told, lease: 'keep' | 'give back'): Promise<void>;
};

export type ClaimDeps = { readonly ledger: Ledger; readonly clock: Clock; readonly newId: () => string };

/** Takes the thread, so that two consumers of one story never both tell it. TransientError: another one has it, or was faster. */
export async function claimThread(id: ThreadId, thread: Thread, told: Told, deps: ClaimDeps): Promise<Claim> {
  const { ledger, clock, newId } = deps;
  const now = clock.now();
  refuseWhileHeld(thread.lease, now);
  const lease = { holder: newId(), since: now, until: now + leaseMs };
  await write(ledger, id, { ...told, lease }, thread.rev);
  return {
    async note(told, keep) {
      const { rev, lease: held } = await readThread(ledger, id);
      if (held?.holder !== lease.holder) throw taken(soonMs);
      await write(ledger, id, { ...told, lease: keep === 'keep' ? lease : null }, rev);
    },
  };
}

function refuseWhileHeld(lease: Lease, now: number): void {
  if (lease === null || lease.until <= now) return;
  throw taken(now - lease.since < freshMs ? soonMs : lease.until - now);
}

async function write(ledger: Ledger, id: ThreadId, value: z.input<typeof row>, rev: number): Promise<void> {
  if (!(await ledger.write(keyOf(id), value, rev))) throw taken(soonMs);
}

function taken(retryAfterMs: number): TransientError {
  return new TransientError('Somebody else is telling the same story', { retryAfterMs });
}

/** Known ids and new ones, each once. */
export function withIds(known: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...known, ...more])];
}
