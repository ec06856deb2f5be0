import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { another, gone, orphaned } from '../../../test/watch.ts';
import { day, hour, minute, type World } from '../../../test/world.ts';
import type { Deps } from './deps.ts';
import { tally } from './tally.ts';
import { watchPlaces } from './watch-places.ts';
import { cursor, cursorKey, unowned, unownedPartition } from './watch-rows.ts';

/** Places at that many targets of each provider. */
function placesAt(counts: Readonly<Record<string, number>>) {
  const secret = { arn: gone, name: 'old/one', owner: 'orders' };
  return Object.entries(counts).flatMap(([provider, count]) =>
    Array.from({ length: count }, (_, n) => ({ provider, target: `app-${n}`, secret, deserted: undefined })),
  );
}

const kinds = (w: World, kind: string) => ({ ...w.config.providers['apigee'], kind });
const list = async () => [];

test.each([
  ['apigee', 25],
  // Two calls each, and one for each enabled key, of ten a second.
  ['apigateway', 1000],
  ['custom', 200],
])('at a provider of kind %s one place has %s ms', async (kind, paceMs) => {
  const { w, dog } = await orphaned();
  const providers = { it: kinds(w, kind) };
  const deps = { ...dog.deps, config: { ...w.config, providers }, issue: () => ({ ...w.provider, list }) };
  const begun = w.clock.now();
  const task = { places: placesAt({ it: 80 }), hashes: new Set<string>(), after: null, stopAt: begun + day };

  const { left } = await watchPlaces(task, deps as unknown as Deps, tally(w.log));

  expect(left).toBe(0);
  expect((w.clock.now() - begun) / 72).toBe(paceMs);
});

test('a provider that hangs is asked no more in this run, and the places of another have their turn', async () => {
  const { w, dog } = await orphaned();
  const providers = { dead: kinds(w, 'custom'), well: kinds(w, 'custom') };
  const hangs: typeof w.provider.list = async () => {
    await w.clock.sleep(95_000);
    throw new TransientError('no answer');
  };
  const issue = (provider: string) => ({ ...w.provider, list: provider === 'dead' ? hangs : list });
  const deps = { ...dog.deps, config: { ...w.config, providers }, issue };
  const begun = w.clock.now();
  const places = placesAt({ dead: 1000, well: 20 });
  const task = { places, hashes: new Set<string>(), after: null, stopAt: begun + 20 * minute };

  const { looked, left } = await watchPlaces(task, deps as unknown as Deps, tally(w.log));

  expect(left).toBe(0);
  expect(looked.filter(({ provider }) => provider === 'well')).toHaveLength(20);
});

test('10,000 places are looked at within the time there is', async () => {
  const { w, dog } = await orphaned();
  const begun = w.clock.now();
  const task = { places: placesAt({ apigee: 10_000 }), hashes: new Set<string>(), after: null, stopAt: begun + day };

  const deps = { ...dog.deps, issue: () => ({ ...w.provider, list }) };

  const { left } = await watchPlaces(task, deps, tally(w.log));

  expect(left).toBe(0);
  expect(w.clock.now() - begun).toBeLessThanOrEqual(250_000);
});

test.each(['target-missing', 'misconfigured', 'unsupported'] as const)(
  'of a key in a place that answers %s nothing was seen: it is not told as deleted',
  async (reason) => {
    const { w, hours, state } = await orphaned('reap');
    await hours(26 + 7 * 24 - 1);
    const remove = () => Promise.reject(new PermanentError('unavailable', 'no answer'));
    await hours(1, { retire: () => ({ ...w.provider, remove }) });
    const missing: typeof w.provider.list = () => Promise.reject(new PermanentError(reason, 'no such plan'));

    await hours(3, { issue: () => ({ ...w.provider, list: missing }) });

    expect(state()).toBe('disabled');
    expect(w.events('OrphanReaped')).toEqual([]);
    const rows = await w.ledger.list(unownedPartition, '', unowned);
    expect(rows.map(({ value }) => value.stage)).toEqual(['removing']);
  },
);

test('nor where the provider lists no keys any more', async () => {
  const { w, hours } = await orphaned('reap');
  await hours(26 + 7 * 24 - 1);
  const remove = () => Promise.reject(new PermanentError('unavailable', 'no answer'));
  await hours(1, { retire: () => ({ ...w.provider, remove }) });
  const describe = async () => ({ ...(await w.provider.describe()), listOwned: false });

  await hours(3, { issue: () => ({ ...w.provider, describe }) });

  expect(w.events('OrphanReaped')).toEqual([]);
});

test('a key that nobody could look at for a week begins anew', async () => {
  const { w, hours } = await orphaned();
  await hours(2);
  const missing: typeof w.provider.list = () => Promise.reject(new PermanentError('target-missing', 'no such plan'));
  await hours(7 * 24 + 1, { issue: () => ({ ...w.provider, list: missing }) });

  const rows = await w.ledger.list(unownedPartition, '', unowned);

  expect(rows).toEqual([]);
});

test('secrets that take all the time there is leave places some', async () => {
  const { w, dog } = await orphaned();
  for (let n = 0; n < 20; n += 1) await another(w, `more/${n}`, w.handMade);
  w.pass(2 * hour);
  const describe: typeof w.secrets.describe = (id) => {
    w.pass(minute);
    return w.secrets.describe(id);
  };

  const run = await dog.run({ secrets: { ...w.secrets, describe } });

  expect(run).toMatchObject({ watched: 8, unowned: 1 });
  expect(w.events('OrphanFound')).toHaveLength(1);
});

test('places that take all the time there is leave some for the keys that were found', async () => {
  const { w, dog } = await orphaned();
  for (let n = 10; n < 50; n += 1) {
    await w.secrets.tag(await another(w, `more/${n}`, w.handMade), { 'keyturn:target': `z-app-${n}` });
  }
  w.pass(2 * hour);
  const slowly: typeof w.provider.list = async ({ target }) => {
    w.pass(minute / 2);
    return target === 'orders-app' ? w.provider.list({ target }) : [];
  };

  const run = await dog.run({ issue: () => ({ ...w.provider, list: slowly }) });

  expect(run).toMatchObject({ watched: 41, left: 17, unowned: 1 });
  expect(w.events('OrphanFound')).toHaveLength(1);
});

test('a run that dies of a key has written down where the next one begins', async () => {
  const { w, dog } = await orphaned();
  w.pass(2 * hour);
  const noted = await new Promise((tell) => {
    const publish = async () => {
      tell(await w.ledger.read(cursorKey, cursor));
      // Nobody hears of this run again.
      await new Promise(() => {});
    };
    void dog.run({ bus: { publish } });
  });

  expect(noted).toMatchObject({ value: { secret: null, target: null } });
});
