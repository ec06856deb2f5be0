import { isDeepStrictEqual } from 'node:util';

import type { LedgerRow } from '@keyturn/aws/ledger';
import type { ListedSecret } from '@keyturn/aws/secret-store';
import { entry } from '@keyturn/config/entry';
import { tagNames } from '@keyturn/config/managed-secret';

import type { Deps } from './deps.ts';
import { isForeign } from './is-foreign.ts';
import type { FleetList } from './list-fleet.ts';
import { idOf, type Place } from './place.ts';
import type { Tally } from './tally.ts';
import { placeKey, placesPartition, rememberedPlace, type RememberedPlace } from './watch-rows.ts';

type PlaceSecret = RememberedPlace['secret'];
type Named = Pick<Place, 'provider' | 'target'> & { readonly live: PlaceSecret[]; readonly waiting: PlaceSecret[] };
type Known = ReadonlyMap<string, LedgerRow<RememberedPlace>>;

/** So many rows are written side by side. */
const width = 8;

/**
 * Wherever a secret has its key, or had one: when the last secret of a place is gone nobody else knows of the key that works on there. So each place is
 * written down while a secret names it, and again when another secret is the one to tell of. Of one whose provider the configuration has no more
 * the row waits. Nothing is said of places by a list of secrets that is not complete.
 */
export async function findPlaces(fleet: FleetList, deps: Deps, count: Tally): Promise<readonly Place[]> {
  if (fleet.failure !== undefined) return [];
  const rows = await count.attempt('places', () => deps.ledger.list(placesPartition, '', rememberedPlace));
  const known: Known = new Map((rows ?? []).map((row) => [idOf(row.value), row]));
  const named = namedPlaces(fleet, deps);
  const places = [...named].flatMap(([id, place]) => {
    const secret = whoseOwner(place, known.get(id)?.value.secret);
    const { provider, target } = place;
    return secret === undefined ? [] : [{ provider, target, secret, deserted: undefined }];
  });
  if (rows !== undefined) await count.attempt('places', () => remember(places, known, deps));
  const deserted = [...known].flatMap(([id, row]) => (named.has(id) ? [] : [{ ...row.value, deserted: row }]));
  const askable = deserted.filter(({ provider }) => entry(deps.config.providers, provider) !== undefined);
  return [...places, ...askable].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

// Those of another stage, which may name the same places, are not ours to tell of.
function namedPlaces({ live, waiting }: FleetList, { config }: Deps): ReadonlyMap<string, Named> {
  const places = new Map<string, Named>();
  const add = ({ arn, name, tags, lambdaArn }: ListedSecret, list: 'live' | 'waiting') => {
    const provider = entry(tags, tagNames.provider) ?? '';
    const target = entry(tags, tagNames.target) ?? '';
    if (entry(config.providers, provider) === undefined || target === '' || isForeign(lambdaArn, config)) return;
    const id = idOf({ provider, target });
    const place = places.get(id) ?? { provider, target, live: [], waiting: [] };
    place[list].push({ arn, name, owner: entry(tags, tagNames.owner) ?? '' });
    places.set(id, place);
  };
  for (const secret of live) add(secret, 'live');
  for (const secret of waiting) add(secret, 'waiting');
  return places;
}

// The same one as before while it lives: of what does not change no row is written.
function whoseOwner({ live, waiting }: Named, before: PlaceSecret | undefined): PlaceSecret | undefined {
  return live.find((secret) => isDeepStrictEqual(secret, before)) ?? live[0] ?? before ?? waiting[0];
}

// Lost to another run of the watchdog, it is written by the next one.
async function remember(places: readonly Place[], known: Known, { ledger }: Deps): Promise<void> {
  const values = places.map(({ provider, target, secret }) => ({ provider, target, secret, missingSince: null }));
  const changed = values.filter((value) => !isDeepStrictEqual(value, known.get(idOf(value))?.value));
  for (let done = 0; done < changed.length; done += width) {
    const some = changed.slice(done, done + width);
    await Promise.all(some.map((value) => ledger.write(placeKey(value), value, known.get(idOf(value))?.rev ?? 0)));
  }
}
