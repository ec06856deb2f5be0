import { lateReaders, listAdoptions } from '@keyturn/aws/adoption';
import { dayOf } from '@keyturn/aws/last-read';
import { noteReader, readOldReads } from '@keyturn/aws/own-reads';
import type { Superseded } from '@keyturn/aws/supersession';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import type { Live } from './managed-versions.ts';
import type { OldKey } from './old-key.ts';

/** A key that is due, and that somebody seems to need: it is kept, for no longer than the policy wants. */
export type Kept = {
  readonly verdict: 'keep';
  readonly reason: 'still-read' | 'still-used' | 'not-adopted';
  /** When it may look different. */
  readonly lookAt: number;
  readonly overMaxGrace: boolean;
  /** When the policy ends it all the same. */
  readonly forceAt: number | null;
  /** With `not-adopted`: who has not said that it uses a newer version. */
  readonly lateReaders?: string[];
};

const dayMs = 86_400_000;

/** `lastRead`: what Secrets Manager says before this look reads anything old itself. */
type Reads = ReadonlyMap<string, number>;

/**
 * Whether somebody read the old version later than applications had to, and not so long ago that they would have read again since. AWS tells the day of
 * the last read, ours included, so a day on which we read it first says nothing.
 */
export async function findReader(
  row: Superseded,
  lastRead: Reads,
  live: Live,
  { ledger, clock }: Deps,
): Promise<Kept | undefined> {
  if (!isGated(row)) return undefined;
  const { policy, timing } = live.secret;
  const known = await readOldReads(ledger, row);
  // Around midnight a read in time may count as one of the next day.
  const explained = (at: number) => dayOf(at + timing.eventLagMs + timing.marginMs);
  const seen = lastRead.get(row.versionId) ?? 0;
  const isStrangers = seen > explained(known.ownReadAt);
  const day = isStrangers ? seen : known.readerDay;
  if (day <= explained(row.supersededAt)) return undefined;
  if (isStrangers) await noteReader(ledger, { ...row, day });

  const until = day + dayMs + policy.graceMs + timing.marginMs;
  if (clock.now() >= until) return undefined;
  const nextLook = Math.min(until, clock.now() + timing.holdRetryMs);
  return keep({ reason: 'still-read', until: nextLook }, row, live, clock.now());
}

/** Whether a reader that tells which version it uses, and was heard of lately, has not let go of this one. */
export async function findLateReaders(row: Superseded, live: Live, { ledger, clock }: Deps): Promise<Kept | undefined> {
  const { policy, timing, arn } = live.secret;
  if (!isGated(row) || policy.acknowledging.length === 0) return undefined;
  const now = clock.now();
  const { currentVersionId } = live;
  const adoptions = await listAdoptions(ledger, arn);
  const late = lateReaders(adoptions, row, { readers: policy.acknowledging, currentVersionId, now });
  if (late.length === 0) return undefined;
  const kept = keep({ reason: 'not-adopted', until: now + timing.holdRetryMs }, row, live, now);
  return kept && { ...kept, lateReaders: late };
}

/**
 * Whether the key was used within the time that the policy names. PermanentError('unsupported') where nobody can tell. TransientError where the
 * provider's statistics cannot be read: that is no word of a key that nobody uses.
 */
export async function findUser(row: Superseded, old: OldKey, live: Live, deps: Deps): Promise<Kept | undefined> {
  const { unusedForMs, id } = live.secret.policy;
  if (!isGated(row) || unusedForMs === undefined || old.state !== 'enabled') return undefined;
  const { credential } = old;
  const provider = deps.issue(row.provider);
  const { lastUsed } = await provider.describe();
  if (!lastUsed || credential === undefined) {
    const field = `policies.${id}.unusedFor`;
    throw new PermanentError('unsupported', 'Nobody can tell when the key was last used', { field });
  }
  // What the answer would not change is not asked: statistics that do not answer must not keep a key for ever.
  if (isForced(row, live, deps.clock.now())) return undefined;
  const { key } = await provider.check({ target: row.target, credential, probe: 'none', times: 1, usage: true });
  if (key.state === 'absent' || key.lastUsedAt === undefined) return undefined;
  const until = key.lastUsedAt + unusedForMs;
  if (deps.clock.now() >= until) return undefined;
  return keep({ reason: 'still-used', until }, row, live, deps.clock.now());
}

// Nobody ever was given the key of an orphan, and nobody uses a key that is off.
function isGated({ kind, stage }: Superseded): boolean {
  return kind === 'superseded' && stage === 'grace';
}

type Need = { readonly reason: Kept['reason']; readonly until: number };

function isForced({ supersededAt }: Superseded, { secret: { policy } }: Live, now: number): boolean {
  return policy.afterMaxGrace === 'force' && now >= supersededAt + policy.maxGraceMs;
}

function keep({ reason, until }: Need, row: Superseded, live: Live, now: number): Kept | undefined {
  if (isForced(row, live, now)) return undefined;
  const { policy } = live.secret;
  const maxGraceAt = row.supersededAt + policy.maxGraceMs;
  const overMaxGrace = now >= maxGraceAt;
  const forced = policy.afterMaxGrace === 'force';
  // The owner hears of it when the key becomes too old.
  const lookAt = overMaxGrace ? until : Math.min(until, maxGraceAt);
  return { verdict: 'keep', reason, lookAt, overMaxGrace, forceAt: forced ? maxGraceAt : null };
}
