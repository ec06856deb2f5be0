import { isDeepStrictEqual } from 'node:util';

import { countHarm, isTripped } from '@keyturn/aws/breaker';
import { giveLeaseBack, takeLease } from '@keyturn/aws/lease';
import type { Config } from '@keyturn/config/config';
import { entry } from '@keyturn/config/entry';
import { timingOf } from '@keyturn/config/timing';
import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { formatMark } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { findHolder } from './find-holder.ts';
import type { Candidate } from './place.ts';
import { unowned as unownedRow, unownedKey, type Unowned } from './watch-rows.ts';

const dayMs = 86_400_000;
/** Longer than the function lives. */
const leaseMs = 960_000;

/** Which policy the key was under nobody knows any more: the longest grace of all, and a day at least. */
export function reapGraceMs(config: Config): number {
  const graces = Object.values(config.policies).map(({ grace }) => grace);
  return Math.max(dayMs, ...graces) + timingOf(config).marginMs;
}

function soakMs({ policies, providers }: Config, provider: string): number {
  const soaks = Object.values(policies).map(({ soak }) => soak);
  return Math.max(entry(providers, provider)?.revocation ?? 0, ...soaks);
}

/**
 * One step towards the end of a key that no secret owns, where the configuration asks for that: switched off after the longest grace since it was first
 * seen, deleted after the longest soak. Judged anew each time. `row`: as it stands in the ledger. Answers whether a step was taken.
 */
export async function reapUnowned(candidate: Candidate, row: Unowned, deps: Deps): Promise<boolean> {
  const { config, clock, ledger, newId } = deps;
  const { provider, target } = candidate;
  if (entry(config.providers, provider)?.orphans !== 'reap') return false;
  // A pause does not keep on what may have to be switched on again.
  if (!isUnsure(row, candidate.key) && (await isHalted(deps))) return false;
  if (await isOnAgain(row, candidate.key, deps)) {
    // Somebody switched it on, and has a whole grace to say why. Or a run died before it could switch it off.
    return note(row, { ...row, ...foundAnew(deps) }, deps);
  }
  if (clock.now() < dueAt(row, config)) return false;
  const lease = { provider, target, holder: newId(), now: clock.now() };
  if (!(await takeLease(ledger, { ...lease, durationMs: leaseMs }))) return false;
  try {
    return await takeStep(candidate, row, deps);
  } finally {
    // Nobody relies on this: a lease ends by itself.
    await giveLeaseBack(ledger, lease);
  }
}

const foundAnew = ({ clock }: Deps) => ({ stage: 'found', firstSeenAt: clock.now(), disabledAt: null }) as const;

/** It is off, and the run that switched it off died before it looked again. */
export function isUnsure({ stage, disabledAt }: Unowned, { state }: Pick<ListedKey, 'state'>): boolean {
  return stage === 'disabled' && disabledAt === null && state !== 'enabled';
}

// Where nothing can be switched off, a key that is on is one whose deletion failed.
async function isOnAgain({ stage, provider }: Unowned, { state }: Pick<ListedKey, 'state'>, { issue }: Deps) {
  return stage !== 'found' && state === 'enabled' && (await issue(provider).describe()).reversibleDisable;
}

// A trip is attended to by the sweep, within minutes: it pauses the fleet and tells why.
async function isHalted({ fleet, ledger }: Deps): Promise<boolean> {
  return (await fleet.paused()) || isTripped(ledger);
}

/** Later than that only if it is off for sure, by our hand. */
function dueAt({ stage, firstSeenAt, disabledAt, provider }: Unowned, config: Config): number {
  if (stage === 'found') return firstSeenAt + reapGraceMs(config);
  return stage === 'disabled' && disabledAt !== null ? disabledAt + soakMs(config, provider) : firstSeenAt;
}

async function takeStep(candidate: Candidate, row: Unowned, deps: Deps): Promise<boolean> {
  const { provider, target, key } = candidate;
  const keys = await deps.issue(provider).list({ target });
  const now = keys.find(({ keyId, mark }) => keyId.reveal() === key.keyId.reveal() && mark === key.mark);
  if (now === undefined || (await isOnAgain(row, now, deps))) return false;
  if (isUnsure(row, now)) return lookAgain(candidate, row, deps);
  const holder = await findHolder({ provider, target }, keys, deps);
  if (holder !== undefined) {
    const why = { provider, target, secretArn: holder };
    deps.log.warn('A key that no secret owns is kept: a secret may have its key without its mark', why);
    return false;
  }
  const enabled = keys.filter(({ state }) => state === 'enabled');
  if (now.state === 'enabled' && enabled.length === 1) return keptAsLast(row, deps);
  return (await mayEnd(row, deps)) && end({ ...candidate, key: now }, row, deps);
}

function keptAsLast({ provider, target }: Unowned, { log }: Deps): false {
  log.warn('A key that no secret owns is kept: it is the last one of its place', { provider, target });
  return false;
}

async function end(candidate: Candidate, row: Unowned, deps: Deps): Promise<boolean> {
  const { provider, key } = candidate;
  const request = requestOf(candidate);
  const retire = deps.retire(provider);
  const { reversibleDisable } = await deps.issue(provider).describe();
  if (row.stage !== 'found' || !reversibleDisable) {
    return begin(row, { ...row, stage: 'removing' }, () => retire.remove(request), deps);
  }
  // By somebody else, who is not undone.
  if (key.state === 'disabled') return note(row, { ...row, stage: 'disabled', disabledAt: deps.clock.now() }, deps);
  const off: Unowned = { ...row, stage: 'disabled', disabledAt: null };
  return (await begin(row, off, () => retire.disable(request), deps)) && lookAgain(candidate, off, deps);
}

/** false: the adapter refuses to end the last key that works. Nothing is changed then. */
async function begin(before: Unowned, after: Unowned, step: () => Promise<void>, deps: Deps): Promise<boolean> {
  if (!(await note(before, after, deps))) throw new TransientError('Another run is at work on this key');
  try {
    await step();
    return true;
  } catch (error) {
    if (!(error instanceof PermanentError && error.reason === 'last-key')) throw error;
    // Tried once in each grace, not every hour: each try counts as one that ends a key.
    await note(after, { ...before, firstSeenAt: deps.clock.now() }, deps);
    return keptAsLast(before, deps);
  }
}

const requestOf = ({ target, key, mark }: Candidate) => ({ target, keyId: key.keyId, mark: formatMark(mark) });

/** false: another run wrote the row meanwhile. */
async function note(before: Unowned, after: Unowned, { ledger }: Deps): Promise<boolean> {
  const key = unownedKey(before);
  const row = await ledger.read(key, unownedRow);
  return row !== undefined && isDeepStrictEqual(row.value, before) && ledger.write(key, after, row.rev);
}

// Between the look and the call somebody may have given the key to a secret's readers: they have it back, and so has whoever nobody can tell of.
async function lookAgain(candidate: Candidate, off: Unowned, deps: Deps): Promise<boolean> {
  const { provider, target } = candidate;
  const switchOn = () => deps.retire(provider).enable(requestOf(candidate));
  let holder;
  try {
    holder = await findHolder({ provider, target }, await deps.issue(provider).list({ target }), deps);
  } catch (error) {
    await switchOn();
    throw error;
  }
  if (holder === undefined) return note(off, { ...off, disabledAt: deps.clock.now() }, deps);
  await switchOn();
  return note(off, { ...off, ...foundAnew(deps) }, deps);
}

// Counted before it is switched off, or deleted where a provider cannot switch off, as cleanup does it: whatever is wrong may be wrong for both.
async function mayEnd(row: Unowned, deps: Deps): Promise<boolean> {
  if (row.stage !== 'found') return !(await isHalted(deps));
  const { ledger, clock, config } = deps;
  const now = clock.now();
  const id = [unownedKey(row).row, row.firstSeenAt].join('#');
  await countHarm(ledger, { harm: 'disables', id, at: now, now, limit: config.breaker.disables });
  return !(await isHalted(deps));
}
