import type { LedgerKey, LedgerRow } from '@keyturn/aws/ledger';
import { secretNameOf } from '@keyturn/aws/secret-name';
import { entry } from '@keyturn/config/entry';
import { eventFacts } from '@keyturn/config/event-facts';
import { runbookUrl } from '@keyturn/config/managed-secret';
import { occurrence } from '@keyturn/events/occurrence';
import { OrphanFound } from '@keyturn/events/orphan-found';
import { OrphanReaped } from '@keyturn/events/orphan-reaped';

import type { Deps } from './deps.ts';
import { describeIfThere } from './describe-if-there.ts';
import { reapGraceMs, reapUnowned } from './reap-unowned.ts';
import type { Tally } from './tally.ts';
import { unowned as unownedRow, unownedKey, unownedPartition, type Unowned } from './watch-rows.ts';
import { idOf, type Candidate, type Place } from './place.ts';

type Task = {
  readonly unowned: readonly Candidate[];
  /** Where was looked in this run: a key that was not seen there is gone. */
  readonly looked: readonly Place[];
  readonly stopAt: number;
};
type Row = LedgerRow<Unowned> & { readonly key: LedgerKey };

/** Keys that were out of sight for longer begin anew. */
const forgottenMs = 86_400_000;

/** Tells once of each key that no secret owns, takes the next step towards its end where the configuration says so, and closes what is gone. */
export async function settleUnowned({ unowned, looked, stopAt }: Task, deps: Deps, count: Tally): Promise<void> {
  const rows = await deps.ledger.list(unownedPartition, '', unownedRow);
  const known = new Map(rows.map((row) => [row.key.row, row]));
  let left = deps.config.orphansPerRun;
  const settled = new Set<string>();
  for (const candidate of unowned) {
    if (deps.clock.now() >= stopAt) return;
    const key = unownedKey({ ...candidate, ...candidate.mark });
    // Of two keys with one mark the second has its turn when the first is gone.
    if (settled.has(key.row)) continue;
    settled.add(key.row);
    const row = known.get(key.row);
    known.delete(key.row);
    const touched = await count.attempt(key.row, () => settleOne(candidate, row, left > 0, deps));
    if (touched === true) left -= 1;
  }
  const places = new Set(looked.map(idOf));
  for (const row of known.values()) {
    if (places.has(idOf(row.value))) await count.attempt(row.key.row, () => close(row, deps));
  }
}

/** Answers whether the key was touched. */
async function settleOne(candidate: Candidate, row: Row | undefined, mayReap: boolean, deps: Deps): Promise<boolean> {
  const { ledger, clock } = deps;
  const key = unownedKey({ ...candidate, ...candidate.mark });
  const now = clock.now();
  const before = row !== undefined && now - row.value.lastSeenAt < forgottenMs ? row.value : beginning(candidate, now);
  const value = { ...before, secretArn: candidate.arns[0] ?? before.secretArn, lastSeenAt: now };
  if (!value.told) await tellFound(value, deps);
  const told = { ...value, told: true };
  const note = (changed: Unowned) => ledger.write(key, changed, row?.rev ?? 0);
  if (mayReap && (await reapUnowned(candidate, told, note, deps))) return true;
  await note(told);
  return false;
}

function beginning({ provider, target, mark, arns }: Candidate, now: number): Unowned {
  const { secretHash, versionId } = mark;
  const place = { provider, target, secretHash, versionId, secretArn: arns[0] ?? '' };
  return { ...place, firstSeenAt: now, lastSeenAt: now, told: false, stage: 'found', disabledAt: null };
}

async function tellFound(row: Unowned, deps: Deps): Promise<void> {
  const { config, secrets, bus } = deps;
  const reaps = entry(config.providers, row.provider)?.orphans === 'reap';
  const facts = {
    ...eventFacts(await secrets.describe(row.secretArn), config),
    runbookUrl: `${runbookUrl(config)}/orphan-found`,
    versionId: row.versionId,
    formerSecret: await secretNameOf(row.secretHash, deps.ledger),
    target: row.target,
    reapAt: reaps ? new Date(row.firstSeenAt + reapGraceMs(config)).toISOString() : null,
  };
  await bus.publish(OrphanFound.create(facts, aboutKey(row, 'unowned', deps)));
}

// Seen before and not now: gone, by us or by somebody else; or its secret is there again, and then nothing was deleted.
async function close(row: Row, deps: Deps): Promise<void> {
  const { value } = row;
  // The secret beside it, whose owner would hear of it, may be gone by now as well.
  const description = value.stage === 'removing' ? await describeIfThere(value.secretArn, deps) : undefined;
  if (description !== undefined) {
    const current = [...description.stages].find(([, labels]) => labels.includes('AWSCURRENT'))?.[0] ?? '';
    const facts = {
      ...eventFacts(description, deps.config),
      versionId: value.versionId,
      currentVersionId: current,
      formerSecret: await secretNameOf(value.secretHash, deps.ledger),
    };
    await deps.bus.publish(OrphanReaped.create(facts, aboutKey(value, 'reaped', deps)));
  }
  await deps.ledger.remove(row.key, row.rev);
}

function aboutKey({ secretArn, secretHash, versionId, firstSeenAt }: Unowned, what: string, deps: Deps) {
  const correlationId = `${secretHash}/${versionId}`;
  return occurrence(deps, { correlationId, idempotencyKey: [secretArn, what, correlationId, firstSeenAt].join('#') });
}
