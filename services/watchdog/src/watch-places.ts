import { entry } from '@keyturn/config/entry';
import type { ProviderConfig } from '@keyturn/config/config';
import { timingOf } from '@keyturn/config/timing';
import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';
import { markOf, parseMark } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { startingAfter } from './list-fleet.ts';
import { idOf, type Candidate, type Looked, type Place } from './place.ts';
import type { Tally } from './tally.ts';
import { placeKey } from './watch-rows.ts';

/** So many places are asked side by side. */
const width = 8;
/**
 * The time that one look has, in milliseconds, by what the provider bears of all that call it: an Apigee organization 6,000 calls a minute; API Gateway 10 a
 * second for the whole account, and a look there is two of them and one for each enabled key. Of the others nobody knows.
 */
const paceMs: Readonly<Record<ProviderConfig['kind'], number>> = {
  apigee: 25,
  apigateway: 1000,
  token: 200,
  ssh: 200,
  custom: 200,
};

/** A provider that fails after so long is asked no more in this run: it would take the time of all others. */
const patienceMs = 30_000;

/** A target that was missing for so long does not come back. */
const givenUpMs = 90 * 86_400_000;

type Task = {
  readonly places: readonly Place[];
  /** The keys of these secrets are owned. */
  readonly hashes: ReadonlySet<string>;
  readonly after: string | null;
  readonly stopAt: number;
};

/**
 * Looks for keys with the mark of our installation whose secret is in no list, one place after the other until the time is over. `last`: where that was; null:
 * every place had its turn.
 */
export async function watchPlaces({ places, hashes, after, stopAt }: Task, deps: Deps, count: Tally) {
  const ordered = startingAfter(places, after, idOf);
  const listable = listableProviders(deps);
  const candidates: Candidate[] = [];
  const looked: Looked[] = [];
  const silent = new Set<string>();
  let done = 0;
  while (done < ordered.length && deps.clock.now() < stopAt) {
    const begun = deps.clock.now();
    const some = ordered.slice(done, done + width).filter(({ provider }) => !silent.has(provider));
    await Promise.all(
      some.map(async (place) => {
        const keys = await count.attempt(place.secret.arn, () => keysAt(place, listable, deps));
        if (keys === undefined && deps.clock.now() - begun > patienceMs) silent.add(place.provider);
        if (keys === undefined || keys === 'unseen') return;
        const { ours, unowned } = judge(keys, place, hashes, deps);
        looked.push({ ...place, isEmpty: ours === 0 });
        candidates.push(...unowned);
      }),
    );
    done += width;
    const pace = some.reduce((sum, { provider }) => sum + paceOf(provider, deps), 0);
    if (done < ordered.length) await deps.clock.sleep(Math.max(0, begun + pace - deps.clock.now()));
  }
  const left = Math.max(0, ordered.length - done);
  const last = ordered[done - 1];
  return { candidates, looked, left, last: left === 0 || last === undefined ? null : idOf(last) };
}

function paceOf(provider: string, { config }: Deps): number {
  const kind = entry(config.providers, provider)?.kind;
  return kind === undefined ? 0 : paceMs[kind];
}

type Listable = (provider: string) => Promise<boolean>;

/** Whether a provider lists keys with our mark; asked once a run. */
function listableProviders({ issue }: Deps): Listable {
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

/** What the rotation of the secret tells its owner, where there is a secret: it is no failure of ours. */
const toldElsewhere: ReadonlySet<Reason> = new Set(['target-missing', 'misconfigured', 'unsupported']);

// Of keys in a target that is missing nothing was seen: they may be there still, as those of a usage plan that was deleted are.
async function keysAt(place: Place, listable: Listable, deps: Deps): Promise<readonly ListedKey[] | 'unseen'> {
  const unseen = async () => {
    await noteMissing(place, place.deserted?.value.missingSince ?? deps.clock.now(), deps);
    return 'unseen' as const;
  };
  if (!(await listable(place.provider))) return unseen();
  try {
    const keys = await deps.issue(place.provider).list({ target: place.target });
    await noteMissing(place, null, deps);
    return keys;
  } catch (error) {
    if (!(error instanceof PermanentError && toldElsewhere.has(error.reason))) throw error;
    return unseen();
  }
}

// Where a team left, secret and target go together: a place that is no more is not asked for ever.
async function noteMissing({ deserted }: Place, missingSince: number | null, { ledger, clock }: Deps): Promise<void> {
  if (deserted === undefined) return;
  const key = placeKey(deserted.value);
  if (missingSince !== null && clock.now() >= missingSince + givenUpMs) {
    await ledger.remove(key, deserted.rev);
  } else if (missingSince !== deserted.value.missingSince) {
    await ledger.write(key, { ...deserted.value, missingSince }, deserted.rev);
  }
}

/** `ours`: how many keys have the mark of our installation. */
function judge(keys: readonly ListedKey[], place: Place, hashes: ReadonlySet<string>, { config, clock }: Deps) {
  const { installation } = markOf(place.secret.arn, '', config.stage);
  const enabled = keys.filter(({ state }) => state === 'enabled').length;
  const unowned: Candidate[] = [];
  let ours = 0;
  for (const key of keys) {
    const mark = parseMark(key.mark ?? '');
    if (mark?.installation !== installation) continue;
    ours += 1;
    // Where the provider does not tell, its age is counted from when we first saw it.
    const isYoung = clock.now() < (key.issuedAt ?? 0) + timingOf(config).orphanMinAgeMs;
    if (isYoung || hashes.has(mark.secretHash)) continue;
    unowned.push({ ...place, mark, key, isLast: key.state === 'enabled' && enabled === 1 });
  }
  return { ours, unowned };
}
