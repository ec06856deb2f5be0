import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { another, ofGone, orphaned } from '../../../test/watch.ts';
import { hour, type World } from '../../../test/world.ts';
import { unowned, unownedPartition } from './watch-rows.ts';

const row = async (w: World) => (await w.ledger.list(unownedPartition, '', unowned))[0]?.value;

test('a secret that the announcer has not seen as it is now keeps a key: it may have been current a moment ago', async () => {
  const { w, dog, config, hours, state } = await orphaned('reap');
  await hours(25);
  w.pass(hour);
  await w.model.updateSecret({ SecretId: w.arn, Description: 'of the orders team' });

  await dog.run({ config });
  const unseen = state();
  await dog.heed();
  w.pass(hour);
  await dog.run({ config });

  expect([unseen, state()]).toEqual(['enabled', 'disabled']);
});

test('a secret of another stage, which nobody here may describe, keeps a key of its place', async () => {
  const { w, config, dog, hours, state } = await orphaned('reap');
  const other = await another(w, 'other/stage');
  await w.secrets.tag(other, { 'keyturn:target': 'orders-app' });
  const describe: typeof w.secrets.describe = (id) =>
    id === other ? Promise.reject(new PermanentError('access-denied', 'not of this stage')) : w.secrets.describe(id);
  const change = { secrets: { ...w.secrets, describe } };
  await hours(30, change);
  w.log.lines.length = 0;

  await dog.run({ config, ...change });

  expect(state()).toBe('enabled');
  const text = JSON.stringify(w.log.lines);
  expect(text).toContain('without its mark');
  expect(text).toContain(other);
});

test('a key that somebody gives to readers in the moment in which it is switched off is on again', async () => {
  const { w, left, hours, state } = await orphaned('reap');
  await hours(25);
  const disable: typeof w.provider.disable = async (request) => {
    await w.paste(left);
    await w.provider.disable(request);
  };

  await hours(1, { retire: () => ({ ...w.provider, disable }) });

  expect(state()).toBe('enabled');
  expect(await row(w)).toMatchObject({ stage: 'found', firstSeenAt: w.clock.now() });
});

test('a key that was switched off while nobody could tell any more who has it is on again', async () => {
  const { w, hours, state } = await orphaned('reap');
  await hours(25);
  let off = false;
  const disable: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    off = true;
  };
  const list: typeof w.provider.list = (request) =>
    off ? Promise.reject(new TransientError('no answer')) : w.provider.list(request);

  await hours(1, { retire: () => ({ ...w.provider, disable }), issue: () => ({ ...w.provider, list }) });

  expect(state()).toBe('enabled');
});

test.each([
  ['before it switched the key off', false],
  ['right after it switched the key off', true],
])('after a run that died %s the next one sees that a secret gives it by now', async (_, isOff) => {
  const { w, left, hours, state } = await orphaned('reap');
  await hours(25);
  let dead = false;
  const died = new TransientError('the function died');
  const disable: typeof w.provider.disable = async (request) => {
    if (isOff) await w.provider.disable(request);
    dead = true;
    throw died;
  };
  const list: typeof w.provider.list = (request) => (dead ? Promise.reject(died) : w.provider.list(request));
  const enable = () => Promise.reject(died);
  await hours(1, { retire: () => ({ ...w.provider, disable, enable }), issue: () => ({ ...w.provider, list }) });
  const after = state();
  await w.paste(left);
  await w.fleet.set('paused');

  await hours(1);
  await w.fleet.set('running');
  await hours(1);

  expect([after, state()]).toEqual([isOff ? 'disabled' : 'enabled', 'enabled']);
  expect(await row(w)).toMatchObject({ stage: 'found', disabledAt: null });
});

test('after a run that died right after it switched the key off the soak begins when the next one has looked', async () => {
  const { w, hours, state } = await orphaned('reap');
  await hours(25);
  const disable: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    throw new TransientError('the function died');
  };
  await hours(1, { retire: () => ({ ...w.provider, disable }) });

  await hours(1);
  const noted = await row(w);
  await hours(7 * 24 - 1);
  const soaking = state();
  await hours(2);

  expect(noted).toMatchObject({ stage: 'disabled', disabledAt: expect.any(Number) as number });
  expect([soaking, state()]).toEqual(['disabled', undefined]);
});

test('a key that a person switched off is not switched on by us', async () => {
  const { w, left, hours, state } = await orphaned('reap');
  await hours(2);
  await w.provider.disable({ target: 'orders-app', keyId: left.keyId, mark: ofGone() });
  const disable: typeof w.provider.disable = async (request) => {
    await w.paste(left);
    await w.provider.disable(request);
  };

  await hours(26, { retire: () => ({ ...w.provider, disable }) });

  expect(state()).toBe('disabled');
  expect(await row(w)).toMatchObject({ stage: 'disabled', disabledAt: expect.any(Number) as number });
});

test('where a key cannot be switched off, a deletion that failed is tried again in an hour', async () => {
  const { w, hours, state } = await orphaned('reap', ofGone(), { lacks: ['enable'] });
  await hours(25);
  const remove = () => Promise.reject(new TransientError('no answer'));
  await hours(1, { retire: () => ({ ...w.provider, remove }) });
  const failed = state();

  await hours(1);

  expect([failed, state()]).toEqual(['enabled', undefined]);
});

test('a key that the adapter does not end, as no other one works, is kept, and is no failure', async () => {
  const { w, dog, config, hours, state } = await orphaned('reap');
  await hours(25);
  const before = await row(w);
  const disable = () => Promise.reject(new PermanentError('last-key', 'no other key works'));
  w.pass(hour);

  const run = await dog.run({ config, retire: () => ({ ...w.provider, disable }) });

  expect(run.failures).toBe(0);
  expect(state()).toBe('enabled');
  // Asked once in a grace, as each time counts as a key that is about to end.
  expect((await row(w))?.stage).toBe('found');
  expect((await row(w))?.firstSeenAt).toBeGreaterThan(before?.firstSeenAt ?? Infinity);
});
