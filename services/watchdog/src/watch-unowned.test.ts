import { secretHash, markOf, formatMark } from '@keyturn/rotation/mark';
import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { another, watchdog, watchedWorld } from '../../../test/watch.ts';
import { hour, minute, type World } from '../../../test/world.ts';
import { unowned, unownedPartition } from './watch-rows.ts';

const gone = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:old/one-AbCdEf';
const ofGone = (version = 'v1') => formatMark(markOf(gone, version, 'test'));

/** A secret that lives, with its own key, and beside it the key of one that is gone. */
async function setUp(orphans: 'report' | 'reap' = 'report', mark = ofGone()) {
  const w = await watchedWorld();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const left = w.provider.handMade({ target: 'orders-app', mark });
  const apigee = w.config.providers['apigee'];
  const config = { ...w.config, providers: { apigee: { ...apigee, orphans } } };
  const dog = watchdog(w);
  const hours = async (count: number, change: object = {}) => {
    for (let n = 0; n < count; n += 1) {
      w.pass(hour);
      await dog.run({ config, ...change });
    }
  };
  return { w, left, config, dog, hours, state: () => w.keys().get(left.keyId.reveal()) };
}

const found = (w: World) => w.events('OrphanFound').map(({ detail }) => detail.data);
const grace = 24 * hour + 10 * minute;

test('a key of a secret that is gone is told once, to who owns the secret beside it, and left alone', async () => {
  const { w, hours, state } = await setUp();

  await hours(60 * 24);

  expect(found(w)).toMatchObject([
    {
      secretArn: w.arn,
      owner: 'orders',
      versionId: 'v1',
      formerSecret: `another secret (${secretHash(gone)})`,
      target: 'orders-app',
      reapAt: null,
      runbookUrl: 'https://runbooks.acme.example/orphan-found',
    },
  ]);
  expect(state()).toBe('enabled');
});

test('a key that was made less than the minimum age ago is nobody’s business yet', async () => {
  const { w, dog } = await setUp();
  w.pass(hour - minute);

  const young = await dog.run();
  w.pass(2 * minute);
  const old = await dog.run();

  expect([young.unowned, old.unowned]).toEqual([0, 1]);
});

test.each([
  [
    'another installation',
    formatMark({ installation: '999999999999/eu-central-1/test', secretHash: 'a'.repeat(32), versionId: 'v' }),
  ],
  ['another stage', formatMark(markOf(gone, 'v1', 'prod'))],
  ['nobody we know', 'a note of a person'],
])('the key of %s is not ours to judge', async (_, mark) => {
  const { w, hours, state } = await setUp('reap', mark);

  await hours(40 * 24);

  expect(found(w)).toEqual([]);
  expect(state()).toBe('enabled');
});

test('where the provider says so it is switched off after the longest grace, and deleted after the longest soak', async () => {
  const { w, hours, state } = await setUp('reap');
  await hours(1);
  const firstSeen = w.clock.now();
  await hours(24);
  const before = state();
  await hours(1);
  const off = state();
  await hours(7 * 24 - 1);
  const soaking = state();
  await hours(2);

  expect(found(w)).toMatchObject([{ reapAt: new Date(firstSeen + grace).toISOString() }]);
  expect([before, off, soaking, state()]).toEqual(['enabled', 'disabled', 'disabled', undefined]);
  expect(w.events('OrphanReaped')).toMatchObject([
    {
      detail: {
        data: { versionId: 'v1', currentVersionId: w.firstVersion, formerSecret: expect.any(String) as string },
      },
    },
  ]);
  expect(w.keys().get(w.handMade.keyId.reveal())).toBe('enabled');
});

test('a run that dies after it deleted the key leaves the end to be told by the next', async () => {
  const { w, hours, state } = await setUp('reap');
  await hours(26 + 7 * 24 - 1);
  const remove: typeof w.provider.remove = async (request) => {
    await w.provider.remove(request);
    throw new TransientError('the answer was lost');
  };
  await hours(1, { retire: () => ({ ...w.provider, remove }) });
  const after = state();

  await hours(2);

  expect(after).toBeUndefined();
  expect(w.events('OrphanReaped')).toHaveLength(1);
});

test('the end of a key is closed also where the secret beside it, whose owner would hear of it, is gone by now', async () => {
  const { w, hours, config, dog } = await setUp('reap');
  await hours(26 + 7 * 24 - 1);
  const remove: typeof w.provider.remove = async (request) => {
    await w.provider.remove(request);
    throw new TransientError('the answer was lost');
  };
  await hours(1, { retire: () => ({ ...w.provider, remove }) });
  const second = await another(w, 'orders/second');
  await w.secrets.tag(second, { 'keyturn:target': 'orders-app' });
  await w.model.deleteSecret({ SecretId: w.arn, ForceDeleteWithoutRecovery: true });
  w.pass(hour);

  const run = await dog.run({ config });

  expect(run.failures).toBe(0);
  const rows = await w.ledger.list(unownedPartition, '', unowned);
  expect(rows.filter(({ value }) => value.secretHash === secretHash(gone))).toEqual([]);
});

test('a key that somebody switched on again has another whole grace', async () => {
  const { w, left, hours, state } = await setUp('reap');
  await hours(26);
  await w.provider.enable({ target: 'orders-app', keyId: left.keyId, mark: ofGone() });

  await hours(24);
  const graced = state();
  await hours(2);

  expect([graced, state()]).toEqual(['enabled', 'disabled']);
});

test('while the fleet is paused nothing is switched off', async () => {
  const { w, hours, state } = await setUp('reap');
  await w.fleet.set('paused');

  await hours(72);

  expect(found(w)).toHaveLength(1);
  expect(state()).toBe('enabled');
});

test.each([
  ['waits for its deletion', (w: World, id: string) => w.model.deleteSecret({ SecretId: id })],
  ['lost its tags', (w: World, id: string) => w.model.untagResource({ SecretId: id, TagKeys: ['keyturn:provider'] })],
])('the key of a secret that %s is not without a secret', async (_, happen) => {
  const w = await watchedWorld();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const Tags = [{ Key: 'keyturn:provider', Value: 'apigee' }];
  const { ARN: id = '' } = await w.model.createSecret({ Name: 'still/there', SecretString: '{}', Tags });
  w.provider.handMade({ target: 'orders-app', mark: formatMark(markOf(id, 'v1', 'test')) });
  await happen(w, id);
  w.pass(2 * hour);

  const run = await watchdog(w).run();

  expect(run.unowned).toBe(0);
  expect(found(w)).toEqual([]);
});

test('no key is judged by a list of secrets that broke off', async () => {
  const { w, dog } = await setUp();
  w.pass(2 * hour);
  async function* listSecrets() {
    yield* w.secrets.listSecrets({ tagKey: 'keyturn:provider' });
    throw new TransientError('throttled');
  }

  const run = await dog.run({ secrets: { ...w.secrets, listSecrets } });

  expect(run).toMatchObject({ watched: 1, unowned: 0, failures: 1 });
  expect(found(w)).toEqual([]);
});

test('a secret without a key of its own mark may hold this very key: it is kept', async () => {
  const { w, left, hours, state } = await setUp('reap');
  await w.paste(left);

  await hours(60);

  expect(found(w)).toHaveLength(1);
  expect(state()).toBe('enabled');
  expect(w.log.lines.some(({ message }) => String(message).includes('without its mark'))).toBe(true);
});

test('an hour ends no more keys than the configuration allows', async () => {
  const { w, hours, config } = await setUp('reap');
  for (const version of ['v2', 'v3', 'v4']) w.provider.handMade({ target: 'orders-app', mark: ofGone(version) });
  const off = () => [...w.keys().values()].filter((state) => state === 'disabled').length;
  await hours(25);

  const counts: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    await hours(1, { config: { ...config, orphansPerRun: 2 } });
    counts.push(off());
  }

  expect(counts).toEqual([2, 4, 4]);
});

test('whoever works on the app has it to himself', async () => {
  const { w, hours, state, config } = await setUp('reap');
  await hours(25);
  const { takeLease } = await import('@keyturn/aws/lease');
  const lease = { provider: 'apigee', target: 'orders-app', holder: 'sweep', now: w.clock.now(), durationMs: 2 * hour };
  await takeLease(w.ledger, lease);

  await hours(1, { config });

  expect(state()).toBe('enabled');
});

test('a provider that does not answer is counted, and asked again in an hour', async () => {
  const { w, dog } = await setUp();
  w.pass(2 * hour);
  const list: typeof w.provider.list = () => Promise.reject(new TransientError('no answer'));

  const failed = await dog.run({ issue: () => ({ ...w.provider, list }) });
  const next = await dog.run();

  expect(failed).toMatchObject({ unowned: 0, failures: 1 });
  expect(next).toMatchObject({ unowned: 1, failures: 0 });
});
