import { expect, test } from 'vitest';

import { dayOf } from '@keyturn/aws/last-read';
import { readSuperseded, supersededKey, writeSuperseded } from '@keyturn/aws/supersession';
import { sweepDue } from '@keyturn/cleanup/sweep-due';
import { TransientError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import { dyingAt } from './dying-calls.ts';
import { stage } from './played-stage.ts';
import { day, hour, minute, secretText, world, type World } from './world.ts';

const margin = 10 * minute;

/** The hand-made key was superseded by another one of ours, and its grace is over. */
async function due() {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  await s.deliver();
  const next = w.provider.handMade({ target: 'orders-app' });
  const versionId = await w.paste(next);
  await s.deliver();
  w.pass(day + margin);
  return { ...w, s, next, versionId };
}
type Due = Awaited<ReturnType<typeof due>>;

const sweep = async (w: World, deps: Partial<World['cleanup']> = {}) => {
  await w.seen();
  return sweepDue(w.clock.now() + 15 * minute, { ...w.cleanup, ...deps });
};
const rowOf = async (w: Due) => (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value;
const handMade = (w: Due) => w.keys().get(w.handMade.keyId.reveal()) ?? 'absent';

/** AWSCURRENT goes back to the hand-made key and forth again, before anybody looks; the announcer hears of both. */
async function backAndForth(w: Due): Promise<void> {
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
  await w.secrets.moveCurrent({ arn: w.arn, from: w.firstVersion, to: w.versionId });
  w.pass(2 * minute);
  await w.s.deliver(1, 'lost');
}

/** The ports of cleanup, each of which can be the last that a sweep calls. */
async function sweepThatDies(w: Due, call: number): Promise<boolean> {
  const { wrap, died, calls } = dyingAt(call);
  const deps = {
    secrets: wrap(w.secrets),
    ledger: wrap(w.ledger),
    bus: wrap(w.bus),
    fleet: wrap(w.fleet),
    issue: () => wrap(w.provider),
    retire: () => wrap(w.provider),
  };
  await Promise.race([sweep(w, deps), died]);
  return calls() >= call;
}

test('I2: wherever a sweep dies over a key, a new grace of that key begins with the key switched on', async () => {
  const states: string[] = [];
  for (let call = 1; ; call += 1) {
    const w = await due();
    if (!(await sweepThatDies(w, call))) break;
    w.pass(16 * minute);
    await backAndForth(w);
    await sweep(w);
    const begins = handMade(w);
    w.pass(day + margin - 3 * minute);
    await sweep(w);
    states.push(`${begins}, then ${handMade(w)}`);
    w.pass(20 * minute);
    await sweep(w);
    expect(handMade(w), `after call ${call}`).toBe('disabled');
  }

  expect(states.length).toBeGreaterThan(20);
  expect(new Set(states)).toEqual(new Set(['enabled, then enabled']));
});

test('I3: wherever a sweep dies over a key, the key ends when it is due, and its owner is told', async () => {
  for (let call = 1; ; call += 1) {
    const w = await due();
    if (!(await sweepThatDies(w, call))) break;
    w.pass(16 * minute);
    await sweep(w);
    w.pass(7 * day);
    await sweep(w);

    expect(handMade(w), `after call ${call}`).toBe('absent');
    const ends = w.events('CredentialDisabled').map(({ detail }) => detail.metadata.idempotencyKey);
    expect(new Set(ends).size).toBe(1);
  }
});

test('I2: wherever the sweep dies that switches a key on in its new grace, the next one does', async () => {
  for (let call = 1; ; call += 1) {
    const w = await due();
    await sweep(w);
    await backAndForth(w);
    if (!(await sweepThatDies(w, call))) break;
    w.pass(16 * minute);
    await sweep(w);

    expect(handMade(w), `after call ${call}`).toBe('enabled');
    expect(await rowOf(w)).toMatchObject({ stage: 'grace' });
  }
});

test.each(['before', 'after'])(
  'I2: a new grace that begins just %s the key is switched off has it on',
  async (when) => {
    const w = await due();
    const disable: typeof w.provider.disable = async (request) => {
      if (when === 'before') await backAndForth(w);
      await w.provider.disable(request);
      if (when === 'after') await backAndForth(w);
    };

    await sweep(w, { retire: () => ({ ...w.provider, disable }) });

    expect(handMade(w)).toBe('enabled');
    expect(w.events('CredentialDisabled')).toEqual([]);
    w.pass(15 * minute);
    await sweep(w);
    const { supersededAt = 0, ...row } = (await rowOf(w)) ?? {};
    expect(row).toMatchObject({ stage: 'grace', mayBeOff: false, dueAt: supersededAt + day + margin });
  },
);

test('I2: a new grace that begins while the end of the old one is told has the key on', async () => {
  const w = await due();
  const publish: typeof w.bus.publish = async (event) => {
    await w.bus.publish(event);
    if (event['detail-type'] === 'CredentialDisabled') await backAndForth(w);
  };

  await sweep(w, { bus: { ...w.bus, publish } });

  expect(handMade(w)).toBe('enabled');
});

test('I2: a call that switches the key off late, after it was switched on, is made good by the second look', async () => {
  const w = await due();
  const disable = () => Promise.reject(new TransientError('no answer in time'));
  await sweep(w, { retire: () => ({ ...w.provider, disable }) });
  const late = () =>
    w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  await late();
  await backAndForth(w);
  await sweep(w);
  await late();

  w.pass(15 * minute);
  await sweep(w);

  expect(handMade(w)).toBe('enabled');
});

test('I2: of a key with two version ids the second grace has it on, though it was switched off under the first', async () => {
  const w = await due();
  const again = await w.paste(`${secretText(w.handMade)} `);
  await w.s.deliver(1, 'lost');
  await w.secrets.moveCurrent({ arn: w.arn, from: again, to: w.versionId });
  w.pass(2 * minute);
  await w.s.deliver(1, 'lost');
  w.pass(day + margin);
  await sweep(w);
  const off = handMade(w);
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: again });
  await w.secrets.moveCurrent({ arn: w.arn, from: again, to: w.versionId });
  w.pass(2 * minute);
  await w.s.deliver(1, 'lost');

  await sweep(w);

  expect([off, handMade(w)]).toEqual(['disabled', 'enabled']);
});

/** Somebody reads the old version, today. */
const readToday = (w: Due) => ({
  ...w.secrets,
  lastRead: async () => new Map([[w.firstVersion, dayOf(w.clock.now())]]),
});

test('wherever a sweep dies over a key, one that somebody turns out to read is on for as long as it is kept', async () => {
  for (let call = 1; ; call += 1) {
    const w = await due();
    if (!(await sweepThatDies(w, call)) || (await rowOf(w))?.stage === 'disabled') break;
    // Our own reads hide an application's of the same day.
    w.pass(day);

    await sweep(w, { secrets: readToday(w) });

    expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'still-read' } } }]);
    expect(handMade(w), `after call ${call}`).toBe('enabled');
  }
});

test('a key that a person switched off in its grace stays off, also where somebody still reads it', async () => {
  const w = await due();
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });

  await sweep(w, { secrets: readToday(w) });

  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'still-read' } } }]);
  expect(handMade(w)).toBe('disabled');
});

test('I2: a key that an earlier version switched off, and that a rotation takes up again, is on', async () => {
  const w = await due();
  await sweep(w);
  const key = supersededKey(w.arn, w.firstVersion);
  const row = (await readSuperseded(w.ledger, key))!;
  const { mayBeOff: _unknown, ...older } = { ...row.value, dueAt: w.clock.now() };
  await w.ledger.write(key, older, row.rev, older.dueAt);
  await w.model.updateSecretVersionStage({
    SecretId: w.arn,
    VersionStage: 'AWSPENDING',
    MoveToVersionId: w.firstVersion,
  });

  await sweep(w);

  expect(handMade(w)).toBe('enabled');
});

test('a raised row of a key that is not ours any more is no reason to touch it or to tell anybody', async () => {
  const w = await due();
  await sweep(w);
  await backAndForth(w);
  const theirs = formatMark(markOf(w.arn.replace('orders', 'others'), 'v1', 'test'));
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    const isOld = request.credential.keyId.reveal() === w.handMade.keyId.reveal();
    return isOld && result.key.state !== 'absent' ? { ...result, key: { ...result.key, mark: theirs } } : result;
  };

  await sweep(w, { issue: () => ({ ...w.provider, check, list: async () => [] }) });

  expect(handMade(w)).toBe('disabled');
  expect(w.events('RetirementHeld')).toEqual([]);
});

test('while the fleet is paused a current key that is off is switched on, and nothing is switched off', async () => {
  const w = await due();
  await sweep(w);
  await w.fleet.set('paused');
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
  w.pass(2 * minute);
  await w.s.deliver(1, 'lost');

  await sweep(w);
  const restored = handMade(w);
  w.pass(15 * minute);
  await sweep(w);
  w.pass(3 * day);
  await sweep(w);

  expect([restored, handMade(w)]).toEqual(['enabled', 'enabled']);
  expect([...w.keys().values()]).toEqual(['enabled', 'enabled']);
  expect(w.events('CredentialRestored')).toHaveLength(1);
});

test('while the fleet is paused a key that is off in its new grace is switched on', async () => {
  const w = await due();
  await sweep(w);
  await w.fleet.set('paused');
  await backAndForth(w);

  await sweep(w);

  expect(handMade(w)).toBe('enabled');
});

test('while the fleet is paused nothing that is due hides a current key that is off, and nobody is told', async () => {
  const w = await due();
  await sweep(w);
  await w.fleet.set('paused');
  const row = (await rowOf(w))!;
  for (let number = 0; number < 150; number += 1) {
    await writeSuperseded(w.ledger, { ...row, versionId: `v${number}`, dueAt: w.clock.now() - hour }, 0);
  }
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
  const value: typeof w.secrets.value = async (id, which) =>
    which.versionId?.startsWith('v') === true ? undefined : w.secrets.value(id, which);
  w.pass(2 * minute);
  const { length } = w.events();
  await w.s.deliver(1, 'lost');

  await sweep(w, { secrets: { ...w.secrets, value } });

  expect(handMade(w)).toBe('enabled');
  const told = w
    .events()
    .slice(length)
    .map((event) => event['detail-type']);
  expect(told).toEqual(['SecretRotated', 'CredentialRestored']);
});

test('a flag that cannot be read stops what destroys, not what restores, and is counted', async () => {
  const w = await due();
  await sweep(w);
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
  w.pass(2 * minute);
  await w.s.deliver(1, 'lost');
  const fleet = { ...w.fleet, paused: () => Promise.reject(new TransientError('SSM is down')) };

  await expect(sweep(w, { fleet })).rejects.toThrow('SSM is down');

  expect(handMade(w)).toBe('enabled');
});
