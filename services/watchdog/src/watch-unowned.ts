import { entry } from '@keyturn/config/entry';
import { tagNames } from '@keyturn/config/managed-secret';
import { timingOf } from '@keyturn/config/timing';
import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';
import { markOf, parseMark, secretHash } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { idOf, type Candidate, type Place } from './place.ts';
import { startingAfter, type FleetList } from './list-fleet.ts';
import type { Tally } from './tally.ts';
import { settleUnowned } from './settle-unowned.ts';

/** Places are asked side by side, and not more of them a second than an Apigee organization bears (6,000 a minute, of all that call it). */
const width = 8;
const paceMs = 200;

type Task = { readonly fleet: FleetList; readonly after: string | null; readonly stopAt: number };

/**
 * Looks for keys with the mark of our installation whose secret is gone, wherever a live secret has its key. Nothing is judged by a list of secrets that
 * is not complete. `last`: where the time was over; null: every place was looked at.
 */
export async function watchUnowned({ fleet, after, stopAt }: Task, deps: Deps, count: Tally) {
  const places = fleet.failure === undefined ? placesOf(fleet, deps) : [];
  const ordered = startingAfter(places, after, idOf);
  const listable = listableProviders(deps);
  const candidates: Candidate[] = [];
  const looked: Place[] = [];
  let done = 0;
  while (done < ordered.length && deps.clock.now() < stopAt) {
    const begun = deps.clock.now();
    const some = ordered.slice(done, done + width);
    await Promise.all(
      some.map(async (place) => {
        const found = await count.attempt(place.arns[0] ?? '', async () =>
          (await listable(place.provider)) ? lookAt(place, fleet.hashes, deps) : [],
        );
        if (found === undefined) return;
        looked.push(place);
        candidates.push(...found);
      }),
    );
    done += some.length;
    await deps.clock.sleep(Math.max(0, begun + paceMs - deps.clock.now()));
  }
  const judged = await count.attempt('unowned keys', async () => {
    const unowned = await withoutOwned(candidates, deps);
    await settleUnowned({ unowned, looked, stopAt }, deps, count);
    return unowned.length;
  });
  const left = ordered.length - done;
  const last = ordered[done - 1];
  return { left, unowned: judged ?? 0, last: left === 0 || last === undefined ? null : idOf(last) };
}

function placesOf({ live }: FleetList, { config }: Deps): readonly Place[] {
  const places = new Map<string, { provider: string; target: string; arns: string[] }>();
  for (const { arn, tags } of live) {
    const provider = entry(tags, tagNames.provider) ?? '';
    const target = entry(tags, tagNames.target) ?? '';
    if (entry(config.providers, provider) === undefined || target === '') continue;
    const place = places.get(idOf({ provider, target }));
    if (place === undefined) places.set(idOf({ provider, target }), { provider, target, arns: [arn] });
    else place.arns.push(arn);
  }
  return [...places.values()].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

/** Whether a provider lists keys with our mark; asked once a run. */
function listableProviders({ issue }: Deps): (provider: string) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  return (provider) => {
    const asked =
      known.get(provider) ??
      issue(provider)
        .describe()
        .then(({ listOwned, mark }) => listOwned && mark);
    known.set(provider, asked);
    return asked;
  };
}

/** What the rotation of the secret tells its owner: it is no failure of ours. */
const toldElsewhere: ReadonlySet<Reason> = new Set(['target-missing', 'misconfigured', 'unsupported']);

async function lookAt(place: Place, hashes: ReadonlySet<string>, deps: Deps): Promise<readonly Candidate[]> {
  try {
    const keys = await deps.issue(place.provider).list({ target: place.target });
    return keys.flatMap((key) => candidatesOf(key, place, hashes, deps));
  } catch (error) {
    if (error instanceof PermanentError && toldElsewhere.has(error.reason)) return [];
    throw error;
  }
}

function candidatesOf(key: ListedKey, place: Place, hashes: ReadonlySet<string>, deps: Deps): readonly Candidate[] {
  const mark = parseMark(key.mark ?? '');
  const { installation } = markOf(place.arns[0] ?? '', '', deps.config.stage);
  if (mark?.installation !== installation || hashes.has(mark.secretHash)) return [];
  // Where the provider does not tell, its age is counted from when we first saw it.
  const isYoung = deps.clock.now() < (key.issuedAt ?? 0) + timingOf(deps.config).orphanMinAgeMs;
  return isYoung ? [] : [{ ...place, mark, key }];
}

// A secret that lost its tags is in no list of tagged ones, and its key is in use: before anything is said of a key, every secret of the account is
// gone through.
async function withoutOwned(candidates: readonly Candidate[], { secrets }: Deps): Promise<readonly Candidate[]> {
  if (candidates.length === 0) return [];
  const unowned = new Set(candidates.map(({ mark }) => mark.secretHash));
  for await (const { arn } of secrets.listSecrets()) unowned.delete(secretHash(arn));
  return candidates.filter(({ mark }) => unowned.has(mark.secretHash));
}
