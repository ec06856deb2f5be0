import { TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { partitionOf } from './announcement.ts';
import type { Ledger, LedgerKey, LedgerRow } from './ledger.ts';

/**
 * One row per version that stopped being current (or, `orphan`, whose rotation was abandoned): what the sweep has to retire, and when.
 * Times in milliseconds since 1970, by our clock.
 */
export const superseded = z.object({
  secretArn: z.string(),
  versionId: z.string(),
  /** Where its key is: what the tags said while it was current. */
  provider: z.string(),
  target: z.string(),
  kind: z.enum(['superseded', 'orphan']),
  /** The announcement by which it was superseded. */
  n: z.int(),
  /** When it was first seen not current. Only ever raised. */
  supersededAt: z.number(),
  supersededBy: z.string(),
  /** Of the announcement: what happens to the old key is told in the same thread. */
  correlationId: z.string(),
  stage: z.enum(['grace', 'disabled', 'retired']),
  disabledAt: z.number().nullable(),
  /**
   * Somebody set out to switch its key off, or a version that was superseded before was so again, and nobody has seen the key on since. It outlives a
   * new grace: whoever finds it there switches the key on. A row of an earlier version has none.
   */
  mayBeOff: z.boolean().default(false),
  /** Why the last attempt to retire it was held, and since when; told once per reason, and once more when the policy's maxGrace is over. */
  held: z.object({ reason: z.string(), since: z.number(), overMaxGrace: z.boolean().default(false) }).nullable(),
  /** A person let it be disabled, where the policy asks for that. */
  approvedAt: z.number().nullable(),
  /** A person let it be deleted, where the policy asks for that. One approval never stands for the other. */
  deletionApprovedAt: z.number().nullable().default(null),
  /** When the sweep looks again; null once it is retired. */
  dueAt: z.number().nullable(),
});
export type Superseded = z.output<typeof superseded>;

const prefix = 'superseded#';

export const supersededKey = (secretArn: string, versionId: string): LedgerKey => ({
  partition: partitionOf(secretArn),
  row: `${prefix}${versionId}`,
});

export function readSuperseded(ledger: Ledger, key: LedgerKey): Promise<LedgerRow<Superseded> | undefined> {
  return ledger.read(key, superseded);
}

export function listSuperseded(ledger: Ledger, secretArn: string) {
  return ledger.list(partitionOf(secretArn), prefix, superseded);
}

/** Writes a row that was read at revision `rev`. False: somebody else wrote first, and what was read is old. */
export function writeSuperseded(ledger: Ledger, row: Superseded, rev: number): Promise<boolean> {
  return ledger.write(supersededKey(row.secretArn, row.versionId), row, rev, row.dueAt ?? undefined);
}

type Note = Omit<Superseded, keyof typeof beginning | 'mayBeOff' | 'dueAt'> & { readonly dueAt: number };

/** The `dueAt` of a row that the sweep has to look at before all others: a key that is needed may be off. */
export const atOnce = 0;

/** Of an orphan: whatever the announcer saw of the version counts more. */
export const orphanNumber = -1;
/** Of a version that somebody told us was current, and that we never saw so. */
export const heardNumber = 0;

/**
 * Notes that a version is not current any more. Repeats and older announcements change nothing; a newer one (the version was current again in
 * between) starts a new grace, and so does word that it was current (`currentAt`) after the supersession that we know of. The time of supersession is
 * never moved back.
 */
export async function noteSuperseded(ledger: Ledger, note: Note, currentAt = -Infinity): Promise<void> {
  const key = supersededKey(note.secretArn, note.versionId);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const existing = await ledger.read(key, superseded);
    if (existing !== undefined && saysMore(existing.value, note, currentAt)) return;
    const row = { ...note, ...raised(note, existing?.value), ...beginning, ...doubt(note, existing?.value) };
    if (await writeSuperseded(ledger, row, existing?.rev ?? 0)) return;
  }
  throw keptWriting(note.versionId);
}

function keptWriting(versionId: string): TransientError {
  return new TransientError(`Others kept writing the row of version ${versionId}`, { retryAfterMs: 1000 });
}

/** Of a grace: nothing was done, and nobody approved anything. */
export const beginning = {
  stage: 'grace',
  disabledAt: null,
  held: null,
  approvedAt: null,
  deletionApprovedAt: null,
} as const;

function saysMore(known: Superseded, note: Note, currentAt: number): boolean {
  return known.n >= note.n && known.supersededAt >= currentAt;
}

// Its key may have been switched off after the first supersession, under this version's id or another one's, and nobody may have noticed in the moment
// in which the version was current again.
function doubt({ dueAt }: Note, known: Superseded | undefined): Pick<Superseded, 'mayBeOff' | 'dueAt'> {
  const mayBeOff = known !== undefined && known.stage !== 'retired';
  return { mayBeOff, dueAt: mayBeOff ? atOnce : dueAt };
}

function raised(note: Note, known: Superseded | undefined): Pick<Superseded, 'n' | 'supersededAt'> {
  if (known === undefined) return note;
  return { n: Math.max(known.n, note.n), supersededAt: Math.max(known.supersededAt, note.supersededAt) };
}

/**
 * Makes the sweep look at a version that is current again, before all that is due: its key may be off. TransientError: others kept writing, such as
 * a sweep that has just switched that key off.
 */
export async function lookAgain(ledger: Ledger, secretArn: string, versionId: string): Promise<void> {
  const key = supersededKey(secretArn, versionId);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const row = await ledger.read(key, superseded);
    if (row === undefined || row.value.stage === 'retired') return;
    if (await writeSuperseded(ledger, { ...row.value, dueAt: atOnce }, row.rev)) return;
  }
  throw keptWriting(versionId);
}
