import { handleNotice } from '@keyturn/announcer/handle-notice';
import { parseNotice } from '@keyturn/announcer/parse-notice';
import { readAnnouncement } from '@keyturn/aws/announcement';
import { readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';

import { live, stage } from './played-stage.ts';
import { another, watchdog, watchedWorld } from './watch.ts';
import { day, hour, minute, secretText } from './world.ts';

/** A world whose secret has been rotated once and announced. `deliver`: what the watchdog sent gets where it was sent to. */
async function rotated() {
  const w = await watchedWorld();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  await s.deliver();
  const token = await s.rotate();
  await s.deliver();
  const dog = watchdog(w);
  const deliver = async () => {
    for (const body of dog.announcerQueue.sent.splice(0)) await handleNotice(parseNotice(body), w.announcer);
    for (const body of dog.cleanupQueue.sent.splice(0)) await settleRotation(parseOutcome(body), w.cleanup);
  };
  return { w, s, token, dog: { ...dog, deliver } };
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

test('the announcement of a secret that nobody announced names what it stands on', async () => {
  const { w, dog } = await rotated();
  const arn = await another(w, 'new/one');

  await dog.run();
  await dog.deliver();

  expect((await readAnnouncement(w.ledger, arn))?.value).toMatchObject({ cause: 'adoption' });
});

test('the key of a stuck pending version that had to be cleared is gone some hours later', async () => {
  const { w, dog } = await rotated();
  const token = await w.begin();
  const key = w.provider.handMade({ target: 'orders-app', mark: w.mark(token) });
  await w.secrets.putPending({ arn: w.arn, token, text: hidden(secretText(key)), rotationToken: undefined });
  await w.model.cancelRotateSecret({ SecretId: w.arn });
  w.pass(3 * hour);

  await dog.run();
  await dog.deliver();
  const row = await readSuperseded(w.ledger, supersededKey(w.arn, token));
  const dueAt = w.clock.now() + hour + 10 * minute;
  // It was cleared after the announcer looked: the next hour's run has it look again.
  w.pass(hour);
  await dog.run();
  await dog.deliver();
  await live(w, 9, async () => {});

  expect(row?.value).toMatchObject({ kind: 'orphan', dueAt });
  expect(w.keys().has(key.keyId.reveal())).toBe(false);
});

test('a stuck pending version whose key was switched off is cleared, and the secret can rotate again', async () => {
  const { w, s, dog } = await rotated();
  const token = await w.begin();
  const key = w.provider.handMade({ target: 'orders-app', mark: w.mark(token) });
  await w.secrets.putPending({ arn: w.arn, token, text: hidden(secretText(key)), rotationToken: undefined });
  await w.provider.disable({ target: 'orders-app', keyId: key.keyId, mark: w.mark(token) });
  w.pass(3 * hour);

  await dog.run();
  await dog.deliver();
  const cleared = await w.labels(token);
  const next = await s.rotate();

  expect(cleared).not.toContain('AWSPENDING');
  expect(await w.labels(next)).toContain('AWSCURRENT');
});

test('a rotation that begins while cleanup lists keys leaves none that counts as forgotten, and no rollback is told of it', async () => {
  const { w, dog } = await rotated();
  await dog.run();
  let started = '';
  const listing: typeof w.provider.list = async (request) => {
    const token = await w.begin();
    w.provider.handMade({ target: 'orders-app', mark: w.mark(token) });
    started = token;
    return w.provider.list(request);
  };

  for (const body of dog.cleanupQueue.sent.splice(0)) {
    await settleRotation(parseOutcome(body), { ...w.cleanup, issue: () => ({ ...w.provider, list: listing }) });
  }

  expect(await w.labels(started)).toContain('AWSPENDING');
  expect(await readSuperseded(w.ledger, supersededKey(w.arn, started))).toBeUndefined();
});

test('a paste that no event told is announced as a change by hand', async () => {
  const { w, s, dog } = await rotated();
  const pasted = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  s.lose();
  w.pass(2 * minute);

  await dog.run();
  await dog.deliver();

  expect(w.events('SecretRotated').at(-1)).toMatchObject({ detail: { data: { versionId: pasted, cause: 'manual' } } });
});

test.each([
  ['does not answer', new TransientError('no answer')],
  ['refuses', new PermanentError('provider-refused', 'not you')],
])('while a provider %s, the look is left to the next hour: no dead letter for each secret', async (_, error) => {
  const { w, dog } = await rotated();
  await dog.run();
  const check: typeof w.provider.check = () => Promise.reject(error);
  const [message] = dog.cleanupQueue.sent;
  const settle = () => settleRotation(parseOutcome(message), { ...w.cleanup, issue: () => ({ ...w.provider, check }) });

  await expect(settle()).resolves.toBeUndefined();
  expect(w.log.lines.at(-1)).toMatchObject({ level: 'warn', error });
});

test('a message that names no secret is nobody’s', () => {
  const body = { source: 'keyturn', 'detail-type': 'SecretWatched', detail: { secretArn: 'orders', versionId: 'v' } };
  const notice = { ...body, time: '2026-11-21T08:00:00Z' };

  expect(() => parseOutcome(body)).toThrow(/ARN/);
  expect(() => parseNotice(notice)).toThrow(/ARN/);
});
