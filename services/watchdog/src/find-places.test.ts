import { readBreaker } from '@keyturn/aws/breaker';
import { PermanentError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { another, ofGone, orphaned } from '../../../test/watch.ts';
import { day, hour, type World } from '../../../test/world.ts';
import { placeKey, placesPartition, rememberedPlace } from './watch-rows.ts';

const deleted = (w: World) => w.model.deleteSecret({ SecretId: w.arn, ForceDeleteWithoutRecovery: true });
const found = (w: World) => w.events('OrphanFound').map(({ detail }) => detail.data);
const targets = async (w: World) =>
  (await w.ledger.list(placesPartition, '', rememberedPlace)).map(({ value }) => value.target).sort();

test('the key of the last secret of an app is told to who owned that secret, once', async () => {
  const { w, hours } = await orphaned();
  await hours(1);
  await deleted(w);

  await hours(48);

  expect(found(w).filter(({ versionId }) => versionId === w.firstVersion)).toMatchObject([
    {
      secretArn: w.arn,
      secretName: 'orders/apigee',
      provider: 'apigee',
      owner: 'orders',
      target: 'orders-app',
      formerSecret: 'orders/apigee',
      reapAt: null,
    },
  ]);
});

test('where the provider says so, keys of an app without a secret are ended, but for the last one, of which nobody says that it will be', async () => {
  const { w, hours } = await orphaned('reap');
  await hours(1);
  await deleted(w);

  await hours(9 * 24);

  expect([...w.keys().keys()]).toHaveLength(1);
  expect(w.events('OrphanReaped')).toMatchObject([
    { detail: { data: { secretArn: w.arn, owner: 'orders', currentVersionId: '' } } },
  ]);
});

test('the one key of an app without a secret is told as one that Keyturn does not end, and is no failure of each run', async () => {
  const { w, left, config, dog, hours } = await orphaned('reap');
  await hours(1);
  const before = found(w).length;
  await w.provider.remove({ target: 'orders-app', keyId: left.keyId, mark: ofGone() });
  await deleted(w);
  await hours(30);
  w.pass(hour);

  const run = await dog.run({ config });

  expect(found(w).slice(before)).toMatchObject([{ versionId: w.firstVersion, reapAt: null }]);
  expect(run.failures).toBe(0);
  expect(w.keys().get(w.handMade.keyId.reveal())).toBe('enabled');
  // Nor does it count as one that was switched off.
  expect(await readBreaker(w.ledger, 'disables')).toBeUndefined();
});

test('I1: a key that was told as one that nobody ends is told anew, with a whole grace, once another key is there', async () => {
  const { w, left, hours } = await orphaned('reap');
  await hours(1);
  await w.provider.remove({ target: 'orders-app', keyId: left.keyId, mark: ofGone() });
  await deleted(w);
  await hours(40);
  const before = found(w).length;
  w.provider.handMade({ target: 'orders-app' });

  await hours(1);
  const told = found(w).slice(before);
  await hours(23);
  const state = () => w.keys().get(w.handMade.keyId.reveal());
  const inGrace = state();
  await hours(3);

  expect(told).toMatchObject([{ versionId: w.firstVersion, reapAt: expect.any(String) as string, secretGone: true }]);
  expect([inGrace, state()]).toEqual(['enabled', 'disabled']);
});

test('an app is remembered until no secret names it and no key of ours is there', async () => {
  const { w, left, hours } = await orphaned();
  await hours(1);
  await w.model.deleteSecret({ SecretId: w.arn });
  await hours(29 * 24);
  const waiting = await targets(w);
  await hours(2 * 24);
  const withKeys = await targets(w);
  for (const { keyId, mark } of [
    { keyId: left.keyId, mark: ofGone() },
    { keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) },
  ]) {
    w.provider.handMade({ target: 'orders-app' });
    await w.provider.remove({ target: 'orders-app', keyId, mark });
  }

  await hours(1);

  expect([waiting, withKeys, await targets(w)]).toEqual([['orders-app'], ['orders-app'], []]);
});

test('a secret that waited for its deletion before anybody took note is remembered as well', async () => {
  const { w, hours } = await orphaned();
  await w.model.deleteSecret({ SecretId: w.arn });

  await hours(31 * 24);

  expect(found(w).map(({ versionId }) => versionId)).toContain(w.firstVersion);
});

test('a row is written when something of it changes, and not each hour', async () => {
  const { w, hours } = await orphaned();
  const writes: string[] = [];
  const ledger = {
    ...w.ledger,
    write: (...given: Parameters<typeof w.ledger.write>) => {
      if (given[0].partition === placesPartition) writes.push(given[0].row);
      return w.ledger.write(...given);
    },
  };
  await hours(5, { ledger });
  const well = writes.length;
  const second = await another(w, 'aaa/second');
  await w.secrets.tag(second, { 'keyturn:target': 'orders-app' });
  await hours(5, { ledger });
  const beside = writes.length;
  await deleted(w);

  await hours(5, { ledger });

  expect([well, beside, writes.length]).toEqual([1, 1, 2]);
  const row = await w.ledger.read(placeKey({ provider: 'apigee', target: 'orders-app' }), rememberedPlace);
  expect(row?.value.secret).toEqual({ arn: second, name: 'aaa/second', owner: 'orders' });
});

test('a secret that another stage rotates is not the one whose owner is told', async () => {
  const { w, hours } = await orphaned();
  const other = await another(w, 'aaa/other-stage');
  await w.secrets.tag(other, { 'keyturn:target': 'orders-app' });
  const lambdaArn = w.handlerArn.replace('-test-', '-prod-');
  const describe: typeof w.secrets.describe = (id) =>
    id === other ? Promise.reject(new PermanentError('access-denied', 'not of this stage')) : w.secrets.describe(id);
  async function* listSecrets(filter?: { tagKey: string }) {
    for await (const secret of w.secrets.listSecrets(filter)) {
      yield secret.arn === other ? { ...secret, lambdaArn } : secret;
    }
  }

  await hours(2, { secrets: { ...w.secrets, describe, listSecrets } });

  expect(found(w)).toMatchObject([{ secretArn: w.arn, versionId: 'v1' }]);
});

test('an app that is no more is not asked for ever', async () => {
  const { w, hours } = await orphaned();
  await hours(1);
  await deleted(w);
  let asked = 0;
  const list: typeof w.provider.list = () => {
    asked += 1;
    return Promise.reject(new PermanentError('target-missing', 'no such app'));
  };
  const issue = () => ({ ...w.provider, list });
  await hours(89 * 24, { issue });
  const remembered = await targets(w);
  w.pass(2 * day);
  await hours(1, { issue });
  const before = asked;

  await hours(5, { issue });

  expect([remembered, await targets(w), asked - before]).toEqual([['orders-app'], [], 0]);
});

test('an app that is back is not given up, however long it was missing before', async () => {
  const { w, hours } = await orphaned();
  await hours(1);
  await deleted(w);
  const list: typeof w.provider.list = () => Promise.reject(new PermanentError('target-missing', 'no such app'));
  const issue = () => ({ ...w.provider, list });
  await hours(1, { issue });
  w.pass(60 * day);
  await hours(1);
  await hours(1, { issue });
  w.pass(60 * day);

  await hours(1, { issue });

  expect(await targets(w)).toEqual(['orders-app']);
});

test('no row is written by a list of secrets that broke off', async () => {
  const { w, dog } = await orphaned();
  async function* listSecrets() {
    yield* w.secrets.listSecrets({ tagKey: 'keyturn:provider' });
    throw new PermanentError('access-denied', 'not any more');
  }

  await dog.run({ secrets: { ...w.secrets, listSecrets } });

  expect(await targets(w)).toEqual([]);
});
