import type { LedgerKey, LedgerRow } from '@keyturn/aws/ledger';
import { secretNameOf } from '@keyturn/aws/secret-name';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import { entry } from '@keyturn/config/entry';
import { eventFacts } from '@keyturn/config/event-facts';
import { runbookUrl, tagNames } from '@keyturn/config/managed-secret';
import { occurrence } from '@keyturn/events/occurrence';
import { OrphanFound } from '@keyturn/events/orphan-found';
import { OrphanReaped } from '@keyturn/events/orphan-reaped';
import { PermanentError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { idOf, type Candidate, type Looked, type Place } from './place.ts';
import { isUnsure, reapGraceMs, reapUnowned } from './reap-unowned.ts';
import type { Tally } from './tally.ts';
import { placeKey, unowned as unownedRow, unownedKey, unownedPartition, type Unowned } from './watch-rows.ts';

type Task = {
  readonly candidates: readonly Candidate[];
  /** Where was looked in this run: a key that was not seen there is gone. */
  readonly looked: readonly Looked[];
  readonly stopAt: number;
};
type Row = LedgerRow<Unowned> & { readonly key: LedgerKey };

/** Keys that were out of sight for longer begin anew. Longer than it takes to look everywhere, however many runs that are. */
const forgottenMs = 7 * 86_400_000;

/**
 * Tells once of each key that no secret owns, takes the next step towards its end where the configuration says so, and closes what is gone. First come those
 * that were seen longest ago: what there is no time for has its turn in the next run. Answers how many keys no secret owns.
 */
export async function settleUnowned({ candidates, looked, stopAt }: Task, deps: Deps, count: Tally): Promise<number> {
  const unowned = await withoutOwned(candidates, deps);
  const rows = await deps.ledger.list(unownedPartition, '', unownedRow);
  const known = new Map(rows.map((row) => [row.key.row, row]));
  const seen = new Set(unowned.map((candidate) => rowOf(candidate).row));
  const unseen = rows.filter(({ key }) => !seen.has(key.row));
  await closeUnseen({ unseen, looked, stopAt }, deps, count);

  const turn = (candidate: Candidate) => turnOf(candidate, known.get(rowOf(candidate).row)?.value);
  const ordered = unowned.toSorted((a, b) => turn(a) - turn(b));
  let left = deps.config.orphansPerRun;
  const settled = new Set<string>();
  for (const candidate of ordered) {
    if (deps.clock.now() >= stopAt) break;
    const { row } = rowOf(candidate);
    // Of two keys with one mark the second has its turn when the first is gone.
    if (settled.has(row)) continue;
    settled.add(row);
    const touched = await count.attempt(row, () => settleOne(candidate, known.get(row), left > 0, deps));
    if (touched === true) left -= 1;
  }
  return unowned.length;
}

const rowOf = (candidate: Candidate): LedgerKey => unownedKey({ ...candidate, ...candidate.mark });

function turnOf({ key }: Candidate, row: Unowned | undefined): number {
  if (row === undefined) return 0;
  // Somebody may need it by now.
  return isUnsure(row, key) ? -1 : row.lastSeenAt;
}

// A secret that lost its tags is in no list of tagged ones, and its key is in use: before anything is said of a key, every secret of the account is
// gone through.
async function withoutOwned(candidates: readonly Candidate[], { secrets }: Deps): Promise<readonly Candidate[]> {
  if (candidates.length === 0) return [];
  const unowned = new Set(candidates.map(({ mark }) => mark.secretHash));
  for await (const { arn } of secrets.listSecrets()) unowned.delete(secretHash(arn));
  return candidates.filter(({ mark }) => unowned.has(mark.secretHash));
}

type Unseen = Pick<Task, 'looked' | 'stopAt'> & { readonly unseen: readonly Row[] };

async function closeUnseen({ unseen, looked, stopAt }: Unseen, deps: Deps, count: Tally): Promise<void> {
  const places = new Map(looked.map((place) => [idOf(place), place]));
  const unclosed = new Set<string>();
  for (const row of unseen) {
    if (deps.clock.now() >= stopAt) return;
    const place = places.get(idOf(row.value));
    if (place !== undefined) {
      const closed = await count.attempt(row.key.row, () => close(row, place, deps));
      if (closed !== true) unclosed.add(idOf(place));
    } else if (deps.clock.now() - row.value.lastSeenAt >= forgottenMs) {
      await count.attempt(row.key.row, () => deps.ledger.remove(row.key, row.rev));
    }
  }
  // Last: as long as something of a place is to be told, it is looked at.
  for (const place of looked) {
    if (!place.isEmpty || place.deserted === undefined || unclosed.has(idOf(place))) continue;
    if (deps.clock.now() >= stopAt) return;
    const { value, rev } = place.deserted;
    await count.attempt(place.secret.arn, () => deps.ledger.remove(placeKey(value), rev));
  }
}

/** Answers whether the key was touched. */
async function settleOne(candidate: Candidate, row: Row | undefined, mayReap: boolean, deps: Deps): Promise<boolean> {
  const { ledger, clock } = deps;
  const key = rowOf(candidate);
  const now = clock.now();
  const before = row !== undefined && now - row.value.lastSeenAt < forgottenMs ? row.value : beginning(candidate, now);
  const value = { ...before, ...graceOf(before, candidate, deps), secretArn: candidate.secret.arn, lastSeenAt: now };
  if (!value.told) await tellFound(value, candidate, deps);
  const told = { ...value, told: true, toldAsLast: value.told ? value.toldAsLast : candidate.isLast };
  // Before a step that may fail: otherwise such a key would be the first one of each run.
  if (!(await ledger.write(key, told, row?.rev ?? 0))) return false;
  return mayReap && reapUnowned(candidate, told, deps);
}

// The grace of a key that nobody can end does not begin. Once it is not the last one any more it has all of it, and its owner hears of a date.
function graceOf(row: Unowned, { isLast }: Candidate, { config, clock }: Deps): Partial<Unowned> {
  if (isLast && row.stage === 'found') return { firstSeenAt: clock.now() };
  return row.toldAsLast && isReaped(row, config) ? { told: false } : {};
}

const isReaped = ({ provider }: Pick<Unowned, 'provider'>, { providers }: Deps['config']): boolean =>
  entry(providers, provider)?.orphans === 'reap';

function beginning({ provider, target, mark, secret }: Candidate, now: number): Unowned {
  const { secretHash: hash, versionId } = mark;
  const place = { provider, target, secretHash: hash, versionId, secretArn: secret.arn };
  return {
    ...place,
    firstSeenAt: now,
    lastSeenAt: now,
    told: false,
    toldAsLast: false,
    stage: 'found',
    disabledAt: null,
  };
}

async function tellFound(row: Unowned, candidate: Candidate, deps: Deps): Promise<void> {
  const { config, bus } = deps;
  const reaps = isReaped(row, config) && !candidate.isLast;
  const facts = {
    ...factsOf(candidate, deps),
    runbookUrl: `${runbookUrl(config)}/orphan-found`,
    versionId: row.versionId,
    formerSecret: await secretNameOf(row.secretHash, deps.ledger),
    target: row.target,
    secretGone: candidate.deserted !== undefined,
    reapAt: reaps ? new Date(row.firstSeenAt + reapGraceMs(config)).toISOString() : null,
  };
  await bus.publish(OrphanFound.create(facts, aboutKey(row, 'unowned', deps)));
}

// As the list of secrets has it, or had it last: it may be gone by now, and then nobody can describe it.
function factsOf({ provider, secret }: Place, { config }: Deps) {
  const { arn, name, owner } = secret;
  return eventFacts({ arn, name, tags: { [tagNames.provider]: provider, [tagNames.owner]: owner } }, config);
}

// Seen before and not now: gone, by us or by somebody else; or its secret is there again, and then nothing was deleted.
async function close(row: Row, place: Place, deps: Deps): Promise<boolean> {
  const { value } = row;
  if (value.stage === 'removing') {
    const facts = {
      ...factsOf(place, deps),
      versionId: value.versionId,
      currentVersionId: await currentVersionOf(place, deps),
      formerSecret: await secretNameOf(value.secretHash, deps.ledger),
    };
    await deps.bus.publish(OrphanReaped.create(facts, aboutKey(value, 'reaped', deps)));
  }
  return deps.ledger.remove(row.key, row.rev);
}

/** Empty where there is no such secret any more, or nobody here may describe it: to AWS both may be the same, as the permission hangs on its tags. */
async function currentVersionOf({ secret }: Place, { secrets }: Deps): Promise<string> {
  try {
    return currentOf(await secrets.describe(secret.arn));
  } catch (error) {
    if (error instanceof PermanentError) return '';
    throw error;
  }
}

function currentOf({ stages }: SecretDescription): string {
  return [...stages].find(([, labels]) => labels.includes('AWSCURRENT'))?.[0] ?? '';
}

function aboutKey({ secretArn, secretHash: hash, versionId, firstSeenAt }: Unowned, what: string, deps: Deps) {
  const correlationId = `${hash}/${versionId}`;
  return occurrence(deps, { correlationId, idempotencyKey: [secretArn, what, correlationId, firstSeenAt].join('#') });
}
