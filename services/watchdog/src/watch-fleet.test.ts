import { announcementKey, readAnnouncement } from '@keyturn/aws/announcement';
import { expect, test } from 'vitest';

import { another, watchdog, watchedWorld } from '../../../test/watch.ts';
import { hour, minute, type World } from '../../../test/world.ts';
import { cursor, cursorKey } from './watch-rows.ts';

async function announced() {
  const w = await watchedWorld();
  await announce(w, w.arn, w.firstVersion);
  return { w, dog: watchdog(w) };
}

async function announce(w: World, arn: string, currentVersionId: string): Promise<void> {
  const row = {
    secretArn: arn,
    secretName: 'orders/apigee',
    provider: 'apigee',
    target: 'orders-app',
    currentVersionId,
  };
  const told = { previousVersionId: null, n: 1, since: w.clock.now(), cause: 'adoption', announced: 1 };
  const { changedAt = null } = await w.secrets.describe(arn);
  await w.ledger.write(announcementKey(arn), { ...row, ...told, changedAt }, 0);
}

test('what is announced costs the announcer no message, and cleanup one', async () => {
  const { dog } = await announced();

  const run = await dog.run();

  expect(run).toMatchObject({ watched: 1, left: 0, hinted: 1, stuck: 0, overdue: 0, failures: 0 });
  expect(dog.announcerQueue.sent).toEqual([]);
  expect(dog.cleanupQueue.sent).toHaveLength(1);
});

test('what was changed since the announcer looked costs it one: AWSCURRENT may have been away', async () => {
  const { w, dog } = await announced();
  w.pass(hour);
  await w.model.updateSecret({ SecretId: w.arn, Description: 'of the orders team' });

  await dog.run();

  expect(dog.announcerQueue.sent).toHaveLength(1);
});

test.each([
  ['costs it one although a replica is not in sync', true, 1],
  ['costs it none where it has seen it and a replica is not in sync', false, 0],
])('what the announcer has to tell still %s', async (_, isChanged, messages) => {
  const { w, dog } = await announced();
  const row = (await readAnnouncement(w.ledger, w.arn))!;
  await w.ledger.write(announcementKey(w.arn), { ...row.value, announced: 0 }, row.rev);
  w.pass(hour);
  if (isChanged) await w.model.updateSecret({ SecretId: w.arn, Description: 'of the orders team' });
  const replicas = [{ region: 'eu-west-1', status: 'InProgress' }];
  const describe = async (id: string) => ({ ...(await w.secrets.describe(id)), replicas });

  await dog.run({ secrets: { ...w.secrets, describe } });

  expect(dog.announcerQueue.sent).toHaveLength(messages);
});

test('nothing is done about a secret that is being deleted', async () => {
  const { w, dog } = await announced();
  await w.model.deleteSecret({ SecretId: w.arn });

  const run = await dog.run();

  expect(run).toMatchObject({ watched: 0, hinted: 0 });
  expect(dog.cleanupQueue.sent).toEqual([]);
});

test('a replica is left to the Region of its primary', async () => {
  const { w, dog } = await announced();
  const listSecrets: typeof w.secrets.listSecrets = async function* (filter) {
    for await (const secret of w.secrets.listSecrets(filter)) yield { ...secret, isReplica: true };
  };

  const run = await dog.run({ secrets: { ...w.secrets, listSecrets } });

  expect(run).toMatchObject({ watched: 0, hinted: 0, overdue: 0, failures: 0 });
  expect(w.events()).toEqual([]);
});

test('a secret that cannot be looked at does not keep the others from it', async () => {
  const { w, dog } = await announced();
  await another(w, 'aaa/first');
  const describe: typeof w.secrets.describe = (id) =>
    id.includes('aaa/first') ? Promise.reject(new Error('unforeseen')) : w.secrets.describe(id);

  const run = dog.run({ secrets: { ...w.secrets, describe } });

  await expect(run).rejects.toThrow('1 of 1 failures');
  expect(dog.cleanupQueue.sent).toHaveLength(1);
  expect(dog.metrics.runs).toMatchObject([{ Watched: 2, Failures: 1 }]);
});

test('what there is no time for comes first in the next run', async () => {
  const { w, dog } = await announced();
  for (let n = 0; n < 20; n += 1) await another(w, `more/${n}`, w.handMade);
  const describe: typeof w.secrets.describe = (id) => {
    w.pass(minute);
    return w.secrets.describe(id);
  };
  const slow = { secrets: { ...w.secrets, describe } };

  const runs = [];
  const seen = [];
  for (let n = 0; n < 3; n += 1) {
    runs.push(await dog.run(slow));
    seen.push(...arnsOf(dog.cleanupQueue.sent.splice(0)));
  }

  expect(runs).toMatchObject([
    { watched: 8, left: 13 },
    { watched: 8, left: 13 },
    { watched: 8, left: 13 },
  ]);
  expect(new Set(seen).size).toBe(21);
});

test('a run that has no time for anything leaves the next one where it would have begun itself', async () => {
  const { w, dog } = await announced();
  const before = { secret: 'arn:somewhere', target: 'apigee\nsome-app' };
  await w.ledger.write(cursorKey, before, 0);
  async function* listSecrets(filter?: { tagKey: string }) {
    w.pass(11 * minute);
    yield* w.secrets.listSecrets(filter);
  }

  const run = await dog.run({ secrets: { ...w.secrets, listSecrets } });

  expect(run).toMatchObject({ watched: 0, left: 2 });
  expect((await w.ledger.read(cursorKey, cursor))?.value).toEqual(before);
});

test("cleanup's messages are spread over a quarter of an hour", async () => {
  const { w, dog } = await announced();
  for (let n = 0; n < 8; n += 1) await another(w, `more/${n}`);

  await dog.run();

  expect(dog.cleanupQueue.keptBack).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800].map((s) => s * 1000));
});

const arnsOf = (sent: readonly unknown[]): readonly string[] =>
  (sent as { detail: { secretArn: string } }[]).map(({ detail }) => detail.secretArn);
