import { createHash } from 'node:crypto';

import * as z from 'zod';

import type { Ledger, LedgerKey } from './ledger.ts';

const lease = z.object({ holder: z.string(), until: z.number() });

const leaseKey = (provider: string, target: string): LedgerKey => ({
  partition: `target#${createHash('sha256').update(`${provider}\n${target}`).digest('hex').slice(0, 32)}`,
  row: 'lease',
});

export type LeaseRequest = {
  readonly provider: string;
  readonly target: string;
  readonly holder: string;
  readonly now: number;
  /** Longer than the holder can live: a lease ends by itself, nobody has to give it back. */
  readonly durationMs: number;
};

/** One writer per target at a time. False: somebody else holds it. */
export async function takeLease(ledger: Ledger, request: LeaseRequest): Promise<boolean> {
  const key = leaseKey(request.provider, request.target);
  const existing = await ledger.read(key, lease);
  const taken =
    existing !== undefined && existing.value.until > request.now && existing.value.holder !== request.holder;
  if (taken) return false;
  return ledger.write(key, { holder: request.holder, until: request.now + request.durationMs }, existing?.rev ?? 0);
}

/** Gives a lease back early. Losing this is harmless. */
export async function giveLeaseBack(ledger: Ledger, request: Omit<LeaseRequest, 'durationMs'>): Promise<void> {
  const key = leaseKey(request.provider, request.target);
  const existing = await ledger.read(key, lease);
  if (existing?.value.holder === request.holder) await ledger.remove(key, existing.rev);
}
