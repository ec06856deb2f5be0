import { readBreaker } from '@keyturn/aws/breaker';
import { lookAgain, noteSuperseded, readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import { breakerLogLine } from '@keyturn/config/names';
import { VerificationFailed } from '@keyturn/events/verification-failed';
import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { dyingAt } from '../../../test/dying-calls.ts';
import { day, hour, minute, world, type World } from '../../../test/world.ts';
import { parseOutcome, settleRotation } from './settle-rotation.ts';
import { sweepDue } from './sweep-due.ts';

const margin = 10 * minute;

/** A world whose breaker lets two of each pass, with `due` old keys that are due. */
async function fragile(due = 0) {
  const base = await world();
  const config = { ...base.config, breaker: { failedVerifications: 2, disables: 2 } };
  const w = { ...base, cleanup: { ...base.cleanup, config } };
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const versions: string[] = [];
  for (let number = 0; number < due; number += 1) {
    const old = w.provider.handMade({ target: 'orders-app' });
    const versionId = await w.paste(old);
    await w.provider.mark({ target: 'orders-app', keyId: old.keyId, mark: w.mark(versionId) });
    versions.push(versionId);
  }
  await w.secrets.moveCurrent({ arn: w.arn, from: versions.at(-1) ?? w.firstVersion, to: w.firstVersion });
  for (const versionId of versions) await note(w, versionId);
  w.pass(day + margin);
  return { ...w, versions };
}

function note(w: World, versionId: string) {
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
    dueAt: w.clock.now() + day + margin,
  });
}

const sweep = async (w: World, deps: Partial<World['cleanup']> = {}) => {
  await w.seen();
  return sweepDue(w.clock.now() + 15 * minute, { ...w.cleanup, ...deps });
};
const down = () => Promise.reject(new TransientError('down'));
const off = (w: World) => [...w.keys().values()].filter((state) => state === 'disabled').length;
const pauses = (w: World) => w.events('FleetPaused').map(({ detail }) => detail);

const another = (w: World, name: string) => w.arn.replace('orders', name);

function refused(
  w: World,
  { secretArn, versionId = 'v' }: { secretArn: string; versionId?: string },
  at = w.clock.now(),
) {
  const facts = { secretArn, secretName: 'orders/apigee', provider: 'apigee', owner: 'orders' };
  const place = { environment: 'test', runbookUrl: 'https://runbooks.acme.example' };
  const why = { versionId, reason: 'key-rejected', code: null, previousVersionId: null };
  return VerificationFailed.create(
    { ...facts, ...place, ...why },
    {
      eventId: w.newId(),
      occurredAt: new Date(at).toISOString(),
      correlationId: 'c',
      causationId: null,
      idempotencyKey: `${w.arn}#1#refused`,
      traceparent: null,
    },
  );
}
const hear = (w: World, event: unknown, deps: Partial<World['cleanup']> = {}) =>
  settleRotation(parseOutcome(event), { ...w.cleanup, ...deps });

test('one key more than the breaker lets pass is not switched off: the fleet is paused, and that is told without a word of a secret', async () => {
  const w = await fragile(4);
  const at = w.clock.now();

  await sweep(w);

  expect(off(w)).toBe(2);
  expect(await w.fleet.paused()).toBe(true);
  expect(pauses(w)).toMatchObject([
    {
      metadata: { idempotencyKey: `fleet#disables#${at}` },
      data: {
        environment: 'test',
        why: 'disables',
        count: 3,
        limit: 2,
        since: new Date(at).toISOString(),
        runbookUrl: 'https://runbooks.acme.example/fleet-paused',
      },
    },
  ]);
  expect(w.events('FleetPaused')[0]?.resources).toEqual([]);
});

test('what is paused stays as it is, sweep after sweep, and is told once', async () => {
  const w = await fragile(4);
  await sweep(w);

  for (let sweeps = 0; sweeps < 5; sweeps += 1) {
    w.pass(2 * day);
    await sweep(w);
  }

  expect(off(w)).toBe(2);
  expect(w.keys().size).toBe(5);
  expect(pauses(w)).toHaveLength(1);
});

test('once a person let it go on, as many again are switched off', async () => {
  const w = await fragile(4);
  await sweep(w);
  await w.fleet.set('running');

  await sweep(w);

  expect(off(w)).toBe(4);
  expect(await w.fleet.paused()).toBe(false);
  expect(pauses(w)).toHaveLength(1);
});

test('a key that is tried again and again counts once', async () => {
  const w = await fragile(2);
  const disable = () => Promise.reject(new TransientError('down'));
  for (let tries = 0; tries < 4; tries += 1) {
    await sweep(w, { retire: () => ({ ...w.provider, disable }) });
    w.pass(15 * minute);
  }

  await sweep(w);

  expect(off(w)).toBe(2);
  expect(await w.fleet.paused()).toBe(false);
});

test('nothing is switched off that could not be counted', async () => {
  const w = await fragile(1);
  const write: typeof w.ledger.write = async (key, ...row) => {
    if (key.partition === 'breaker') throw new TransientError('DynamoDB is down');
    return w.ledger.write(key, ...row);
  };

  await sweep(w, { ledger: { ...w.ledger, write } });

  expect(off(w)).toBe(0);
});

test('a key that cannot be switched off and is deleted at once counts too', async () => {
  const w = await fragile(4);
  const describe = async () => ({ ...(await w.provider.describe()), reversibleDisable: false });

  await sweep(w, { issue: () => ({ ...w.provider, describe }) });

  expect(w.keys().size).toBe(3);
  expect(await w.fleet.paused()).toBe(true);
});

test('one secret more than the breaker lets pass is refused: the fleet is paused at once, and nothing is switched off', async () => {
  const w = await fragile(1);
  for (const name of ['a', 'b']) await hear(w, refused(w, { secretArn: another(w, name) }));
  const before = await w.fleet.paused();

  await hear(w, refused(w, { secretArn: another(w, 'c') }));
  await sweep(w);

  expect([before, await w.fleet.paused()]).toEqual([false, true]);
  expect(pauses(w)).toMatchObject([{ data: { why: 'failed-verifications', count: 3, limit: 2 } }]);
  expect(off(w)).toBe(0);
});

test('a refusal counts once, however often it is told, and not at all when it is heard of an hour later', async () => {
  const w = await fragile();
  const first = refused(w, { secretArn: another(w, 'a') });
  for (let copy = 0; copy < 5; copy += 1) await hear(w, first);
  await hear(w, refused(w, { secretArn: another(w, 'a') }));

  for (const name of ['b', 'c', 'd']) await hear(w, refused(w, { secretArn: another(w, name) }, w.clock.now() - hour));
  await hear(w, refused(w, { secretArn: another(w, 'e') }));

  expect(await w.fleet.paused()).toBe(false);
});

test('bad values that somebody saves in one secret, one after the other, are its owner’s trouble: the fleet goes on', async () => {
  const w = await fragile();

  for (const versionId of ['a', 'b', 'c', 'd']) await hear(w, refused(w, { secretArn: w.arn, versionId }));

  expect(await w.fleet.paused()).toBe(false);
});

test('I12: wherever cleanup dies over a refusal too many, the next sweep has the fleet paused and that told', async () => {
  let died = 0;
  for (let call = 1; ; call += 1) {
    const w = await fragile(1);
    for (const name of ['a', 'b']) await hear(w, refused(w, { secretArn: another(w, name) }));
    const dying = dyingAt(call);
    const deps = { ledger: dying.wrap(w.ledger), fleet: dying.wrap(w.fleet), bus: dying.wrap(w.bus) };
    await Promise.race([hear(w, refused(w, { secretArn: another(w, 'c') }), deps), dying.died]);
    if (dying.calls() < call) break;
    died += 1;
    // Its message comes back, or it does not.
    if (!(await readBreaker(w.ledger, 'failed-verifications'))?.value.trip)
      await hear(w, refused(w, { secretArn: another(w, 'c') }));

    await sweep(w);

    expect(await w.fleet.paused(), `after call ${call}`).toBe(true);
    expect(new Set(pauses(w).map(({ metadata }) => metadata.idempotencyKey)).size).toBe(1);
    expect(off(w)).toBe(0);
  }
  expect(died).toBeGreaterThan(8);
});

test('I12: wherever a sweep dies over a key too many, the next one has the fleet paused and that told', async () => {
  let died = 0;
  for (let call = 1; ; call += 1) {
    const w = await fragile(4);
    const dying = dyingAt(call);
    const deps = { ledger: dying.wrap(w.ledger), fleet: dying.wrap(w.fleet), bus: dying.wrap(w.bus) };
    await Promise.race([sweep(w, deps), dying.died]);
    if (dying.calls() < call) break;
    died += 1;
    w.pass(16 * minute);

    await sweep(w);

    expect(off(w), `after call ${call}`).toBe(2);
    expect(await w.fleet.paused()).toBe(true);
    expect(new Set(pauses(w).map(({ metadata }) => metadata.idempotencyKey)).size).toBe(1);
  }
  expect(died).toBeGreaterThan(30);
});

test('a pause that cannot be told holds all the same, and is told later', async () => {
  const w = await fragile(4);
  const publish: typeof w.bus.publish = async (event) => {
    if (event['detail-type'] === 'FleetPaused') throw new TransientError('down');
    await w.bus.publish(event);
  };
  await sweep(w, { bus: { ...w.bus, publish } });
  const untold = [await w.fleet.paused(), pauses(w).length];

  await sweep(w);

  expect(untold).toEqual([true, 0]);
  expect([off(w), pauses(w).length]).toEqual([2, 1]);
});

test('while the flag cannot be written nothing is switched off or deleted, a current key that is off is restored, and the sweep fails', async () => {
  const w = await fragile(4);
  const set = () => Promise.reject(new TransientError('SSM is down'));
  const fleet = { ...w.fleet, set };
  await sweep(w, { fleet });
  w.pass(8 * day);
  const [old = ''] = w.versions;
  await w.secrets.moveCurrent({ arn: w.arn, from: w.firstVersion, to: old });
  await lookAgain(w.ledger, w.arn, old);

  await expect(sweep(w, { fleet })).rejects.toThrow('SSM is down');

  expect(w.keys().get((await w.credentialIn()).keyId.reveal())).toBe('enabled');
  expect(w.keys().size).toBe(5);
  expect((await readSuperseded(w.ledger, supersededKey(w.arn, w.versions[1] ?? '')))?.value.stage).not.toBe('retired');
});

test('each sweep says in the log that the breaker holds the fleet, until a person lets it go on', async () => {
  const w = await fragile(4);
  const said = () => w.log.lines.filter(({ message }) => message === breakerLogLine).length;
  await sweep(w);
  await sweep(w);
  await sweep(w);
  const held = said();
  await w.fleet.set('running');
  await sweep(w);
  await w.fleet.set('paused');

  await sweep(w);

  expect([held, said()]).toEqual([2, 2]);
});

test.each([
  ['bus', (w: World) => ({ bus: { ...w.bus, publish: down } })],
  ['flag', (w: World) => ({ fleet: { ...w.fleet, set: down } })],
])('the alarm hears of a trip in the log while the %s does not answer', async (_, deaf) => {
  const w = await fragile(4);
  const deps = deaf(w);
  await sweep(w, deps).catch(() => {});

  await sweep(w, deps).catch(() => {});

  expect(w.log.lines.some(({ message }) => message === breakerLogLine)).toBe(true);
});
