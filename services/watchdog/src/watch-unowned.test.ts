import { countHarm, noteTrip, readBreaker } from '@keyturn/aws/breaker';
import { noteSuperseded, readSuperseded, supersededKey, writeSuperseded } from '@keyturn/aws/supersession';
import { memoryProvider } from '@keyturn/credential-provider/memory-provider';
import type { Credential } from '@keyturn/rotation/credential';
import { secretHash, markOf, formatMark } from '@keyturn/rotation/mark';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { another, gone, ofGone, orphaned, watchdog, watchedWorld } from '../../../test/watch.ts';
import { day, hour, minute, secretText, type World } from '../../../test/world.ts';
import { unowned, unownedPartition } from './watch-rows.ts';

/** One more secret with a key in the same app. */
async function beside(w: World, key: Credential, tags: Readonly<Record<string, string>> = {}): Promise<string> {
  const all = { 'keyturn:provider': 'apigee', 'keyturn:target': 'orders-app', ...wellTagged, ...tags };
  const { ARN: arn = '' } = await w.model.createSecret({
    Name: 'orders/second',
    SecretString: secretText(key),
    Tags: Object.entries(all).map(([Key, Value]) => ({ Key, Value })),
  });
  return arn;
}

const wellTagged = { 'keyturn:policy': 'standard', 'keyturn:shape': 'pair', 'keyturn:owner': 'orders' };

function superseded(w: World, versionId: string) {
  return noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'superseded',
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: w.firstVersion,
    correlationId: 'c',
    dueAt: w.clock.now() + day,
  });
}

/** The sweep saw that the version's key is no business of its secret. */
async function endGrace(w: World, versionId: string) {
  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, versionId)))!;
  await writeSuperseded(w.ledger, { ...row.value, stage: 'retired', dueAt: null }, row.rev);
}

/** The sweep attended to the trip, a person looked and let the fleet go on, and the sweep saw that. */
async function letGoOn(w: World) {
  const row = (await readBreaker(w.ledger, 'disables'))!;
  await noteTrip(w.ledger, 'disables', row, { ...row.value.trip!, state: 'over' });
}

const found = (w: World) => w.events('OrphanFound').map(({ detail }) => detail.data);
const grace = 24 * hour + 10 * minute;

test('a key of a secret that is gone is told once, to who owns the secret beside it, and left alone', async () => {
  const { w, hours, state } = await orphaned();

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
  const { w, dog } = await orphaned();
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
  const { w, hours, state } = await orphaned('reap', mark);

  await hours(40 * 24);

  expect(found(w)).toEqual([]);
  expect(state()).toBe('enabled');
});

test('where the provider says so it is switched off after the longest grace, and deleted after the longest soak', async () => {
  const { w, hours, state } = await orphaned('reap');
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
  const { w, hours, state } = await orphaned('reap');
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
  const { w, hours, config, dog } = await orphaned('reap');
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
  const { w, left, hours, state } = await orphaned('reap');
  await hours(26);
  await w.provider.enable({ target: 'orders-app', keyId: left.keyId, mark: ofGone() });

  await hours(24);
  const graced = state();
  await hours(2);

  expect([graced, state()]).toEqual(['enabled', 'disabled']);
});

test('while the fleet is paused nothing is switched off', async () => {
  const { w, hours, state } = await orphaned('reap');
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
  const { w, dog } = await orphaned();
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
  const { w, left, hours, state } = await orphaned('reap');
  await w.paste(left);

  await hours(60);

  expect(found(w)).toHaveLength(1);
  expect(state()).toBe('enabled');
  expect(w.log.lines.some(({ message }) => String(message).includes('without its mark'))).toBe(true);
});

test('a key that a secret gave its readers until lately is kept, though the ledger does not know of it yet', async () => {
  const { w, left, hours, state } = await orphaned('reap');
  await hours(24);
  const pasted = await w.paste(left);
  w.pass(30 * minute);
  await w.secrets.moveCurrent({ arn: w.arn, from: pasted, to: w.firstVersion });

  await hours(3);

  expect(state()).toBe('enabled');
});

test('a key that a secret gave its readers some versions ago is kept until the grace of that version is over', async () => {
  const { w, left, hours, state } = await orphaned('reap');
  await hours(24);
  const pasted = await w.paste(left);
  await superseded(w, pasted);
  const own = w.provider.handMade({ target: 'orders-app' });
  const next = await w.paste(own);
  await w.provider.mark({ target: 'orders-app', keyId: own.keyId, mark: w.mark(next) });
  await w.secrets.moveCurrent({ arn: w.arn, from: next, to: w.firstVersion });

  await hours(3);
  const inGrace = state();
  await endGrace(w, pasted);
  await hours(1);

  expect([inGrace, state()]).toEqual(['enabled', 'disabled']);
});

test.each([
  ['another provider', 'apigee-eu'],
  ['a provider of another stage', 'nobody-here'],
])('a key that a secret under %s gives its readers is kept: both may be one organization', async (_, provider) => {
  const { w, left, config, hours, state } = await orphaned('reap');
  const providers = { ...config.providers, 'apigee-eu': w.config.providers['apigee'] };
  const change = { config: { ...config, providers } };
  const holder = await beside(w, left, { 'keyturn:provider': provider });

  await hours(60, change);
  const held = state();
  await w.model.deleteSecret({ SecretId: holder, ForceDeleteWithoutRecovery: true });
  await hours(1, change);

  expect([held, state()]).toEqual(['enabled', 'disabled']);
});

test('a secret under another provider has its key where that provider says', async () => {
  const { w, config, hours, state } = await orphaned('reap');
  const elsewhere = memoryProvider({ mode: 'chosen', clock: w.clock, targets: ['orders-app'] });
  const own = elsewhere.handMade({ target: 'orders-app' });
  const arn = await beside(w, own, { 'keyturn:provider': 'apigee-eu' });
  const [versionId = ''] = (await w.secrets.describe(arn)).stages.keys();
  await elsewhere.mark({ target: 'orders-app', keyId: own.keyId, mark: formatMark(markOf(arn, versionId, 'test')) });
  const providers = { ...config.providers, 'apigee-eu': w.config.providers['apigee'] };
  const issue = (id: string) => (id === 'apigee-eu' ? elsewhere : w.provider);

  await hours(26, { config: { ...config, providers }, issue });

  expect(state()).toBe('disabled');
});

test('a provider that cannot tell whether the secret has a key of its own ends no key, and is no failure', async () => {
  const { w, left, config, dog, hours, state } = await orphaned('reap');
  await beside(w, left, { 'keyturn:provider': 'apigee-eu' });
  const providers = { ...config.providers, 'apigee-eu': w.config.providers['apigee'] };
  const list: typeof w.provider.list = () => Promise.reject(new PermanentError('unsupported', 'It cannot list'));
  const issue = (id: string) => (id === 'apigee-eu' ? { ...w.provider, list } : w.provider);
  const change = { config: { ...config, providers }, issue };
  await hours(25, change);
  w.pass(hour);

  const run = await dog.run(change);

  expect(run.failures).toBe(0);
  expect(state()).toBe('enabled');
});

test('a key that a secret gives which waits for its deletion is kept until that secret is gone: somebody may restore it', async () => {
  const { w, left, hours, state } = await orphaned('reap');
  const holder = await beside(w, left);
  await hours(24);
  await w.model.deleteSecret({ SecretId: holder, RecoveryWindowInDays: 7 });

  await hours(7 * 24 - 1);
  const restorable = state();
  await hours(2);

  expect([restorable, state()]).toEqual(['enabled', 'disabled']);
});

test('a secret that waits for its deletion and has a key of its own keeps no other key', async () => {
  const { w, hours, state } = await orphaned('reap');
  const own = w.provider.handMade({ target: 'orders-app' });
  const arn = await beside(w, own);
  const [versionId = ''] = (await w.secrets.describe(arn)).stages.keys();
  await w.provider.mark({ target: 'orders-app', keyId: own.keyId, mark: formatMark(markOf(arn, versionId, 'test')) });
  await w.model.deleteSecret({ SecretId: arn });

  await hours(26);

  expect(state()).toBe('disabled');
});

test('one key more than the breaker lets pass is not switched off, until a person let the fleet go on', async () => {
  const { w, hours, config } = await orphaned('reap');
  for (const version of ['v2', 'v3', 'v4']) w.provider.handMade({ target: 'orders-app', mark: ofGone(version) });
  const off = () => [...w.keys().values()].filter((state) => state === 'disabled').length;
  const change = { config: { ...config, breaker: { ...config.breaker, disables: 2 } } };

  await hours(30, change);
  const held = off();
  await letGoOn(w);
  await hours(1, change);

  expect([held, off()]).toEqual([2, 4]);
});

test('keys that were counted and are off are deleted without being counted again', async () => {
  const { w, hours, config } = await orphaned('reap');
  w.provider.handMade({ target: 'orders-app', mark: ofGone('v2') });
  await hours(26);

  await hours(7 * 24 + 1, { config: { ...config, breaker: { ...config.breaker, disables: 1 } } });

  expect([...w.keys()]).toEqual([[w.handMade.keyId.reveal(), 'enabled']]);
});

test('while a trip of the breaker is not over nothing is deleted, though nobody has paused the fleet yet', async () => {
  const { w, hours, state } = await orphaned('reap');
  await hours(26);
  const now = w.clock.now();
  for (const id of ['a', 'b']) await countHarm(w.ledger, { harm: 'failed-verifications', id, at: now, now, limit: 1 });

  await hours(8 * 24);

  expect(state()).toBe('disabled');
});

test('an hour ends no more keys than the configuration allows', async () => {
  const { w, hours, config } = await orphaned('reap');
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
  const { w, hours, state, config } = await orphaned('reap');
  await hours(25);
  const { takeLease } = await import('@keyturn/aws/lease');
  const lease = { provider: 'apigee', target: 'orders-app', holder: 'sweep', now: w.clock.now(), durationMs: 2 * hour };
  await takeLease(w.ledger, lease);

  await hours(1, { config });

  expect(state()).toBe('enabled');
});

test('a provider that does not answer is counted, and asked again in an hour', async () => {
  const { w, dog } = await orphaned();
  w.pass(2 * hour);
  const list: typeof w.provider.list = () => Promise.reject(new TransientError('no answer'));

  const failed = await dog.run({ issue: () => ({ ...w.provider, list }) });
  const next = await dog.run();

  expect(failed).toMatchObject({ unowned: 0, failures: 1 });
  expect(next).toMatchObject({ unowned: 1, failures: 0 });
});
