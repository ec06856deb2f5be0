import { handleNotice } from '@keyturn/announcer/handle-notice';
import { parseNotice } from '@keyturn/announcer/parse-notice';
import { readAnnouncement } from '@keyturn/aws/announcement';
import { memoryQueue } from '@keyturn/aws/memory-queue';
import { readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { memoryMetrics } from '@keyturn/lambda/memory-metrics';
import type { Credential } from '@keyturn/rotation/credential';
import { watchFleet } from '@keyturn/watchdog/watch-fleet';
import { expect, test } from 'vitest';

import { stage } from './played-stage.ts';
import { day, hour, minute, world, type World } from './world.ts';

/** The watchdog in a world, and the two queues that it writes to. */
function watchdog(w: World) {
  const announcerQueue = memoryQueue();
  const cleanupQueue = memoryQueue();
  const metrics = memoryMetrics();
  const deps = { ...w.cleanup, secrets: w.secrets, announcerQueue, cleanupQueue, metrics };
  return {
    deps,
    announcerQueue,
    cleanupQueue,
    metrics,
    run: (change: object = {}) => watchFleet(w.clock.now() + 15 * minute, { ...deps, ...change }),
    /** What it sent gets where it was sent to. */
    deliver: async () => {
      for (const body of announcerQueue.sent.splice(0)) await handleNotice(parseNotice(body), w.announcer);
      for (const body of cleanupQueue.sent.splice(0)) await settleRotation(parseOutcome(body), w.cleanup);
    },
  };
}

/** What the configuration of the world names; it is there. */
async function withAdminSecret(): Promise<World> {
  const w = await world();
  await w.model.createSecret({ Name: 'keyturn/apigee-admin', SecretString: 'a-canary-that-nobody-reads' });
  return w;
}

/** A world whose secret has been rotated once and announced. */
async function rotated() {
  const w = await withAdminSecret();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  await s.deliver();
  const token = await s.rotate();
  await s.deliver();
  return { w, s, token, dog: watchdog(w) };
}

test('a rotation whose every hint and event was lost is announced by the next run, as a rotation', async () => {
  const { w, s, token, dog } = await rotated();
  w.pass(30 * day);
  const next = await s.rotate();
  s.lose();
  w.pass(2 * minute);

  await dog.run();
  await dog.deliver();

  expect(w.events('SecretRotated').at(-1)).toMatchObject({
    detail: { data: { versionId: next, previousVersionId: token, cause: 'rotation' } },
  });
  expect((await readSuperseded(w.ledger, supersededKey(w.arn, token)))?.value).toMatchObject({ stage: 'grace' });
});

test('a change that was noted and never told is told by the next run', async () => {
  const { w, s, dog } = await rotated();
  const next = await s.rotate();
  const bus = { ...w.bus, publish: async () => Promise.reject(new Error('crashed')) };
  const moved = w.labelEvents.findLast((event) => JSON.stringify(event).includes(next));
  await handleNotice(parseNotice(moved), { ...w.announcer, bus }).catch(() => {});
  s.lose();
  w.pass(2 * minute);

  await dog.run();
  await dog.deliver();

  expect(w.events('SecretRotated').filter(({ detail }) => detail.data['versionId'] === next)).toHaveLength(1);
});

test('what is announced costs the announcer no message, and cleanup one', async () => {
  const { dog } = await rotated();

  const run = await dog.run();

  expect(run).toMatchObject({ watched: 1, left: 0, hinted: 1, stuck: 0, overdue: 0, failures: 0 });
  expect(dog.announcerQueue.sent).toEqual([]);
  expect(dog.cleanupQueue.sent).toHaveLength(1);
});

test('a current key that was switched off is on again after the next run', async () => {
  const { w, dog } = await rotated();
  const current = await w.credentialIn();
  const other = w.provider.handMade({ target: 'orders-app' });
  const mark = w.provider.stored('orders-app').find(({ keyId }) => keyId === current.keyId.reveal())?.mark ?? '';
  await w.provider.disable({ target: 'orders-app', keyId: current.keyId, mark });

  await dog.run();
  await dog.deliver();

  expect(other).toBeDefined();
  expect(w.keys().get(current.keyId.reveal())).toBe('enabled');
  expect(w.events('CredentialRestored')).toHaveLength(1);
});

test('a rotation that is stuck goes on with the same token, once a run', async () => {
  const { w, dog } = await rotated();
  const token = await w.begin();
  w.pass(2 * hour);

  const run = await dog.run();
  await dog.deliver();

  expect(run).toMatchObject({ stuck: 1, rotatedAgain: 1 });
  expect(w.started.filter((started) => started === token)).toHaveLength(2);
  expect(await w.labels(token)).toContain('AWSPENDING');
});

test('a rotation that began a moment ago is left alone', async () => {
  const { w, dog } = await rotated();
  const token = await w.begin();
  w.pass(2 * hour - minute);

  const run = await dog.run();
  await dog.deliver();

  expect(run).toMatchObject({ stuck: 0, rotatedAgain: 0 });
  expect(await w.labels(token)).toContain('AWSPENDING');
});

test('a pending version of a secret whose rotation was switched off is cleared', async () => {
  const { w, dog } = await rotated();
  const token = await w.begin();
  await w.model.cancelRotateSecret({ SecretId: w.arn });
  w.pass(3 * hour);

  const run = await dog.run();
  await dog.deliver();

  expect(run).toMatchObject({ stuck: 1, rotatedAgain: 0 });
  expect(await w.labels(token)).not.toContain('AWSPENDING');
});

test('a pending version that was current once is never made current again', async () => {
  const { w, s, token, dog } = await rotated();
  await w.model.updateSecretVersionStage({ SecretId: w.arn, VersionStage: 'AWSPENDING', MoveToVersionId: token });
  const next = w.provider.handMade({ target: 'orders-app' });
  await w.paste(next);
  await s.deliver();
  w.pass(3 * hour);

  const run = await dog.run();
  await dog.deliver();

  expect(run).toMatchObject({ stuck: 1, rotatedAgain: 0 });
  expect(await w.labels(token)).not.toContain('AWSPENDING');
  expect((await readSuperseded(w.ledger, supersededKey(w.arn, token)))?.value).toMatchObject({ kind: 'superseded' });
});

test('while the fleet is paused a stuck rotation is neither started again nor cleared', async () => {
  const { w, dog } = await rotated();
  const token = await w.begin();
  await w.fleet.set('paused');
  w.pass(3 * hour);

  const stuck = await dog.run();
  await dog.deliver();
  await w.model.cancelRotateSecret({ SecretId: w.arn });
  await dog.run();
  await dog.deliver();

  expect(stuck).toMatchObject({ stuck: 1, rotatedAgain: 0 });
  expect(await w.labels(token)).toContain('AWSPENDING');
});

test('nothing is done about a secret that is being deleted', async () => {
  const { w, dog } = await rotated();
  await w.model.deleteSecret({ SecretId: w.arn });

  const run = await dog.run();

  expect(run).toMatchObject({ watched: 0, hinted: 0 });
  expect(dog.cleanupQueue.sent).toEqual([]);
});

test('a secret that cannot be looked at does not keep the others from it', async () => {
  const { w, dog } = await rotated();
  await another(w, 'aaa/first');
  const describe: typeof w.secrets.describe = (id) =>
    id.includes('aaa/first') ? Promise.reject(new Error('unforeseen')) : w.secrets.describe(id);

  const run = dog.run({ secrets: { ...w.secrets, describe } });

  await expect(run).rejects.toThrow('1 of 1 failures');
  expect(dog.cleanupQueue.sent).toHaveLength(1);
  expect(dog.metrics.runs).toMatchObject([{ Watched: 2, Failures: 1 }]);
});

test('what there is no time for comes first in the next run', async () => {
  const { w, dog } = await rotated();
  for (let n = 0; n < 20; n += 1) await another(w, `more/${n}`, w.handMade);
  const describe: typeof w.secrets.describe = (id) => {
    w.pass(minute);
    return w.secrets.describe(id);
  };
  const slow = { secrets: { ...w.secrets, describe } };

  const first = await dog.run(slow);
  const seenFirst = arnsOf(dog.cleanupQueue.sent.splice(0));
  const second = await dog.run(slow);
  const seenSecond = arnsOf(dog.cleanupQueue.sent);

  // Five secrets, and the two apps that nobody looked at for keys without a secret.
  expect(first).toMatchObject({ watched: 16, left: 5 + 2 });
  expect(second.watched).toBe(16);
  expect(new Set([...seenFirst, ...seenSecond]).size).toBe(21);
});

test("cleanup's messages are spread over a quarter of an hour", async () => {
  const { w, dog } = await rotated();
  for (let n = 0; n < 8; n += 1) await another(w, `more/${n}`);

  await dog.run();

  expect(dog.cleanupQueue.keptBack).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800].map((s) => s * 1000));
});

test('the announcement of a secret that nobody announced names what it stands on', async () => {
  const { w, dog } = await rotated();
  const arn = await another(w, 'new/one');

  await dog.run();
  await dog.deliver();

  expect((await readAnnouncement(w.ledger, arn))?.value).toMatchObject({ cause: 'adoption' });
});

async function another(w: World, name: string, given?: Credential): Promise<string> {
  const target = 'other-app';
  const key = given ?? w.provider.handMade({ target });
  const { ARN: arn = '' } = await w.model.createSecret({
    Name: name,
    SecretString: `{"key":"${key.keyId.reveal()}","secret":"${key.secret.reveal()}"}`,
    Tags: Object.entries({
      'keyturn:provider': 'apigee',
      'keyturn:policy': 'standard',
      'keyturn:shape': 'pair',
      'keyturn:owner': 'orders',
      'keyturn:target': target,
    }).map(([Key, Value]) => ({ Key, Value })),
  });
  await w.model.rotateSecret({
    SecretId: arn,
    RotationLambdaARN: w.handlerArn,
    RotationRules: { ScheduleExpression: 'rate(30 days)' },
    RotateImmediately: false,
  });
  w.model.rotations.ended({ arn, token: w.started.at(-1) ?? '', succeeded: true });
  return arn;
}

const arnsOf = (sent: readonly unknown[]): readonly string[] =>
  (sent as { detail: { secretArn: string } }[]).map(({ detail }) => detail.secretArn);
