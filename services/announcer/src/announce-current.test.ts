import { readAnnouncement } from '@keyturn/aws/announcement';
import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { noteSuperseded, readSuperseded, supersededKey, writeSuperseded } from '@keyturn/aws/supersession';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';

import { day, hour, minute, secretText, world, type World } from '../../../test/world.ts';
import { announceCurrent, type Deps } from './announce-current.ts';

type Heard = Partial<Deps> & { readonly at?: number; readonly by?: 'event' | 'rotation' | 'look' };

const hear = (w: World, versionId: string, { at, by = 'look', ...deps }: Heard = {}) =>
  announceCurrent({ secretArn: w.arn, versionId, at: at ?? w.clock.now(), by }, { ...w.announcer, ...deps });

const told = (w: World) => w.events('SecretRotated').map((event) => SecretRotated.parse(event).data);

/** What a rotation leaves behind: a version of ours under AWSCURRENT. */
async function rotated(w: World): Promise<string> {
  const token = await w.begin();
  const { arn } = w;
  const text = secretText(w.provider.handMade({ target: 'orders-app' }));
  const from = (await currentOf(w)) ?? '';
  await w.secrets.putPending({ arn, token, text: hidden(text), rotationToken: undefined });
  await w.secrets.moveCurrent({ arn, from, to: token });
  await w.secrets.dropPending({ arn, versionId: token });
  w.model.rotations.ended({ arn, token, succeeded: true });
  return token;
}

async function currentOf(w: World): Promise<string | undefined> {
  return (await w.secrets.value(w.arn, { stage: 'AWSCURRENT' }))?.versionId;
}

async function known(w: World): Promise<World> {
  await hear(w, w.firstVersion);
  return w;
}

test('a secret that is seen for the first time, with nothing before it, is nothing to tell', async () => {
  const w = await world();

  await hear(w, w.firstVersion);

  expect(w.events()).toEqual([]);
  expect((await readAnnouncement(w.ledger, w.arn))?.value).toMatchObject({
    currentVersionId: w.firstVersion,
    cause: 'adoption',
  });
});

test('tells a rotation once, with the time until which the old key works', async () => {
  const w = await known(await world());
  const token = await rotated(w);

  await hear(w, token);
  await hear(w, token);

  expect(told(w)).toMatchObject([
    {
      versionId: token,
      previousVersionId: w.firstVersion,
      cause: 'rotation',
      provider: 'apigee',
      owner: 'orders',
      environment: 'test',
      verification: 'dataPlane',
      oldCredentialValidUntil: new Date(w.clock.now() + day).toISOString(),
    },
  ]);
});

test('I5a: tells only a version that is current, whatever the message says', async () => {
  const w = await known(await world());
  const token = await w.begin();

  await expect(hear(w, token)).rejects.toBeInstanceOf(TransientError);

  expect(w.events()).toEqual([]);
});

test('A → B → A is told twice more, with causes rotation and rollback and numbers of their own', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  await w.secrets.moveCurrent({ arn: w.arn, from: token, to: w.firstVersion });

  await hear(w, w.firstVersion);

  const events = w.events('SecretRotated');
  expect(told(w).map(({ cause, versionId, previousVersionId }) => [cause, versionId, previousVersionId])).toEqual([
    ['rotation', token, w.firstVersion],
    ['rollback', w.firstVersion, token],
  ]);
  expect(new Set(events.map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(2);
  expect(new Set(events.map(({ detail }) => detail.metadata.correlationId)).size).toBe(2);
});

test('a console edit is told as manual', async () => {
  const w = await known(await world());

  await hear(w, await w.paste(w.provider.handMade({ target: 'orders-app' })));

  expect(told(w)).toMatchObject([{ cause: 'manual' }]);
});

test('I5b: a publish that is lost is repeated under the same idempotency key', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const bus = { publish: () => Promise.reject(new TransientError('down')) };
  await expect(hear(w, token, { bus })).rejects.toThrow('down');
  const number = (await readAnnouncement(w.ledger, w.arn))?.value.n;

  w.pass(3 * hour);
  await hear(w, token);
  await hear(w, token);

  const [event, ...more] = w.events('SecretRotated');
  expect(event?.detail.metadata.idempotencyKey).toBe(`${w.arn}#${number}`);
  expect(more).toEqual([]);
});

test('I2: the end of the old key is noted before the new one is told', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const bus = { publish: () => Promise.reject(new TransientError('down')) };

  await hear(w, token, { bus }).catch(() => undefined);

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  expect(row?.value).toMatchObject({ stage: 'grace', supersededAt: w.clock.now(), supersededBy: token });
  expect(row?.value.dueAt).toBe(w.clock.now() + day + 10 * minute);
});

test('I2: supersession is only raised: a version that was current again starts a new grace', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  w.pass(hour);
  await w.secrets.moveCurrent({ arn: w.arn, from: token, to: w.firstVersion });
  await hear(w, w.firstVersion);
  w.pass(hour);
  await w.secrets.moveCurrent({ arn: w.arn, from: w.firstVersion, to: token });

  await hear(w, token);

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  expect(row?.value.supersededAt).toBe(w.clock.now());
});

test('weeks-old, repeated and reordered messages change nothing', async () => {
  const w = await known(await world());
  const first = await rotated(w);
  await hear(w, first);
  const second = await rotated(w);
  await hear(w, second);
  const before = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  const at = w.clock.now() - hour;

  w.pass(40 * day);
  for (const old of [first, w.firstVersion, second, first]) await hear(w, old, { at });

  expect(told(w)).toHaveLength(2);
  expect(await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion))).toEqual(before);
});

test('a version that came and went between two looks is noted for its retirement', async () => {
  const w = await known(await world());
  const between = await rotated(w);
  const at = w.clock.now();
  w.pass(minute);
  const last = await rotated(w);

  await hear(w, last);
  await hear(w, between, { at });

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, between));
  expect(row?.value).toMatchObject({ stage: 'grace', kind: 'superseded' });
  expect(told(w)).toMatchObject([{ versionId: last }]);
});

test('a young message that the description knows nothing of is looked at again before anything is noted', async () => {
  const w = await known(await world());
  await hear(w, await rotated(w));
  const stale = await w.secrets.describe(w.arn);
  const pasted = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  const lagging = { describe: async () => stale };

  await expect(hear(w, pasted, { secrets: lagging })).rejects.toBeInstanceOf(TransientError);

  expect(await readSuperseded(w.ledger, supersededKey(w.arn, pasted))).toBeUndefined();
});

test('I2: a rollback that nobody heard of starts a new grace all the same', async () => {
  const w = await known(await world());
  const first = await rotated(w);
  await hear(w, first);
  w.pass(hour);
  await w.secrets.moveCurrent({ arn: w.arn, from: first, to: w.firstVersion });
  w.pass(20 * hour);
  const second = await rotated(w);

  await hear(w, second);

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  expect(row?.value.supersededAt).toBe(w.clock.now());
});

test('I2: late word that a version was current again raises its supersession', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  w.pass(20 * hour);
  await w.secrets.moveCurrent({ arn: w.arn, from: token, to: w.firstVersion });
  const at = w.clock.now();
  w.pass(3 * hour);
  await w.secrets.moveCurrent({ arn: w.arn, from: w.firstVersion, to: token });

  await hear(w, w.firstVersion, { at });

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  expect(row?.value.supersededAt).toBe(w.clock.now());
});

test('a row whose version is current again is looked at by the next sweep', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  w.pass(hour);
  await w.secrets.moveCurrent({ arn: w.arn, from: token, to: w.firstVersion });

  await hear(w, w.firstVersion);

  expect(await w.ledger.due(w.clock.now(), 10)).toEqual([supersededKey(w.arn, w.firstVersion)]);
});

test('a rotation that is told after the next one began is still a rotation', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const next = await w.begin();
  const text = hidden(secretText(w.provider.handMade({ target: 'orders-app' })));
  await w.secrets.putPending({ arn: w.arn, token: next, text, rotationToken: undefined });

  await hear(w, token, { by: 'rotation' });

  expect(told(w)).toMatchObject([{ cause: 'rotation', versionId: token }]);
});

test('the old key stays where it was when the tags say something else by now', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await w.secrets.tag(w.arn, { 'keyturn:target': 'other-app' });

  await hear(w, token);

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  expect(row?.value).toMatchObject({ provider: 'apigee', target: 'orders-app' });
});

test('two announcers that see the same change tell it under one idempotency key', async () => {
  const w = await known(await world());
  const token = await rotated(w);

  await Promise.allSettled([hear(w, token), hear(w, token)]);
  await hear(w, token);

  expect(new Set(w.events('SecretRotated').map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(1);
});

test('a ledger that was lost never uses a number twice', async () => {
  const w = await known(await world());
  await hear(w, await rotated(w));
  w.pass(day);
  const token = await rotated(w);

  await hear(w, token, { ledger: memoryLedger() });

  expect(new Set(w.events('SecretRotated').map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(2);
});

test("secrets that are nobody's here, or gone, are passed over in silence", async () => {
  const w = await world();
  const { ARN: foreign = '', VersionId = '' } = await w.model.createSecret({ Name: 'foreign', SecretString: 'x' });

  const moved = { versionId: VersionId, at: w.clock.now(), by: 'event' as const };
  await announceCurrent({ ...moved, secretArn: foreign }, w.announcer);
  await announceCurrent({ ...moved, secretArn: `${foreign.slice(0, -6)}AbCdEf` }, w.announcer);

  expect(w.events()).toEqual([]);
});

test('a known secret that cannot be described is an error, not silence', async () => {
  const w = await known(await world());
  await w.model.deleteSecret({ SecretId: w.arn, ForceDeleteWithoutRecovery: true });

  await expect(hear(w, w.firstVersion)).rejects.toMatchObject({ reason: 'secret-missing' });
});

test.each(['that is heard of for the first time', 'that was taken for a secret of this Region before'])(
  'says nothing of a replica %s: its primary is told where it is',
  async (when) => {
    const w = await world();
    if (when.includes('before')) await known(w);
    const token = await rotated(w);
    const describe = async (id: string) => ({ ...(await w.secrets.describe(id)), isReplica: true });

    await hear(w, token, { secrets: { describe } });

    expect(w.events()).toEqual([]);
    expect(await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion))).toBeUndefined();
  },
);

test('waits until the replicas have the new value', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const lagging = {
    describe: async (id: string) => ({
      ...(await w.secrets.describe(id)),
      replicas: [{ region: 'us-east-1', status: 'InProgress' }],
    }),
  };

  await expect(hear(w, token, { secrets: lagging })).rejects.toBeInstanceOf(TransientError);

  expect(w.events()).toEqual([]);
  expect(await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion))).toBeDefined();
});

test('I3: where the end of the old key cannot be noted nothing is recorded, and the next look notes it', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const write: typeof w.ledger.write = async (key, ...row) => {
    if (key.row.startsWith('superseded#')) throw new TransientError('throttled');
    return w.ledger.write(key, ...row);
  };
  await expect(hear(w, token, { ledger: { ...w.ledger, write } })).rejects.toThrow('throttled');

  await hear(w, token);

  expect((await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value).toMatchObject({
    stage: 'grace',
  });
});

test('I3: a version that came and went is noted from the one message that names it', async () => {
  const w = await known(await world());
  const between = await rotated(w);
  const movedAt = w.clock.now();
  await rotated(w);
  await rotated(w);
  w.pass(minute);

  await hear(w, between, { at: movedAt });

  expect((await readSuperseded(w.ledger, supersededKey(w.arn, between)))?.value).toMatchObject({ n: 0 });
  expect((await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value.n).toBeGreaterThan(0);
});

test('I7: the version that is current is never noted for its end', async () => {
  const w = await known(await world());
  const token = await rotated(w);

  await hear(w, token);
  await hear(w, token);

  expect(await readSuperseded(w.ledger, supersededKey(w.arn, token))).toBeUndefined();
});

test('a replica that failed does not keep the change back', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const describe = async (id: string) => ({
    ...(await w.secrets.describe(id)),
    replicas: [{ region: 'us-east-1', status: 'Failed' }],
  });

  await hear(w, token, { secrets: { describe } });

  expect(told(w)).toMatchObject([{ versionId: token }]);
});

test('a version of ours that was given up and became current after all is no rollback', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const now = w.clock.now();
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: token,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'orphan',
    n: -1,
    supersededAt: now,
    supersededBy: w.firstVersion,
    correlationId: 'c',
    dueAt: now,
  });

  await hear(w, token);

  expect(told(w)).toMatchObject([{ cause: 'rotation' }]);
});

test('an announcer that is overtaken while it tells takes nothing back from the faster one', async () => {
  const w = await known(await world());
  const first = await rotated(w);
  const publish: typeof w.bus.publish = async (event) => {
    await w.bus.publish(event);
    await hear(w, await rotated(w));
  };
  await hear(w, first, { bus: { publish } });

  await hear(w, (await currentOf(w)) ?? '');

  expect(told(w)).toHaveLength(2);
});

test('I5b: a change that nobody could tell while an older one was told is told by the next look', async () => {
  const w = await known(await world());
  const first = await rotated(w);
  const down = { publish: () => Promise.reject(new TransientError('down')) };
  const publish: typeof w.bus.publish = async (event) => {
    await w.bus.publish(event);
    await hear(w, await rotated(w), { bus: down }).catch(() => undefined);
  };
  await hear(w, first, { bus: { publish } });
  const last = (await currentOf(w)) ?? '';

  await hear(w, last);

  expect(told(w).map(({ versionId }) => versionId)).toEqual([first, last]);
});

test('an announcer that looked before another one wrote tells nothing: its number is taken', async () => {
  const w = await known(await world());
  const first = await rotated(w);
  const describe = async (id: string) => {
    const description = await w.secrets.describe(id);
    await hear(w, await rotated(w));
    return description;
  };

  await expect(hear(w, first, { secrets: { describe } })).rejects.toBeInstanceOf(TransientError);

  expect(told(w)).toMatchObject([{ versionId: await currentOf(w) }]);
});

test('I5b: however often a ledger is lost, no number is used twice', async () => {
  const w = await known(await world());
  await hear(w, await rotated(w));
  const fresh = memoryLedger();

  for (let rotation = 0; rotation < 2; rotation += 1) {
    w.pass(day);
    await hear(w, await rotated(w), { ledger: fresh });
  }

  expect(new Set(w.events('SecretRotated').map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(3);
});

test('I2: a change that is told late promises the old key no longer than from the change', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const changedAt = w.clock.now();
  await hear(w, token, { bus: { publish: () => Promise.reject(new TransientError('down')) } }).catch(() => undefined);

  w.pass(3 * hour);
  await hear(w, token);

  expect(told(w)).toMatchObject([{ oldCredentialValidUntil: new Date(changedAt + day).toISOString() }]);
});

test('a known secret that lost its tags is an error, not silence', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  const describe = async (id: string) => ({ ...(await w.secrets.describe(id)), tags: {} });

  await expect(hear(w, token, { secrets: { describe } })).rejects.toMatchObject({ reason: 'misconfigured' });
});

test('a secret that is being deleted is not told of', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await w.model.deleteSecret({ SecretId: w.arn, RecoveryWindowInDays: 7 });

  await hear(w, token);

  expect(w.events()).toEqual([]);
});

test.each([
  [
    'that another function rotates is passed over',
    'arn:aws:lambda:eu-central-1:123456789012:function:keyturn-prod-rotation-handler',
    0,
  ],
  ['whose function was detached is told of still', undefined, 1],
])('a secret %s', async (_, lambdaArn, times) => {
  const w = await known(await world());
  const token = await rotated(w);
  const describe = async (id: string) => {
    const description = await w.secrets.describe(id);
    return { ...description, rotation: { ...description.rotation, lambdaArn } };
  };

  await hear(w, token, { secrets: { describe } });

  expect(told(w)).toHaveLength(times);
});

test('the version of a rotation that an edit pushed aside is noted, though nobody asks for its step again', async () => {
  const w = await known(await world());
  const token = await w.begin();
  const text = hidden(secretText(w.provider.handMade({ target: 'orders-app' })));
  await w.secrets.putPending({ arn: w.arn, token, text, rotationToken: undefined });
  const pasted = await w.paste(w.provider.handMade({ target: 'orders-app' }));

  await hear(w, pasted);

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, token));
  expect(row?.value).toMatchObject({ stage: 'grace', dueAt: w.clock.now() + day + 10 * minute });
});

test.each([
  ['', async () => {}],
  [' and that fall into an open rotation', (w: Awaited<ReturnType<typeof world>>) => w.begin()],
])(
  'I2: a rollback and its undoing of which every message was lost%s give the key that was current meanwhile a whole grace',
  async (_, before) => {
    const w = await known(await world());
    const token = await rotated(w);
    await hear(w, token);
    w.pass(12 * hour);
    await before(w);
    const move = (from: string, to: string) => w.secrets.moveCurrent({ arn: w.arn, from, to });
    await move(token, w.firstVersion);
    w.pass(2 * minute);
    await move(w.firstVersion, token);
    const backAt = w.clock.now();
    w.pass(hour);

    await hear(w, token);

    const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value;
    expect(row?.supersededAt).toBeGreaterThanOrEqual(backAt);
    expect(told(w)).toHaveLength(1);
  },
);

test('I2: word of a move to the version that has been current for long gives the previous one a whole grace', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  w.pass(2 * hour);

  await hear(w, token, { by: 'look' });
  const looked = await rowOf(w);
  await hear(w, token, { by: 'event' });
  const at = w.clock.now();
  w.pass(hour);
  await hear(w, token, { by: 'event', at });
  const row = await rowOf(w);

  expect(looked?.supersededAt).toBe(at - 2 * hour);
  expect(row?.supersededAt).toBe(at);
});

test('what Secrets Manager tells once more of the move that is known changes nothing', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token, { by: 'event' });
  const [before, at] = [await rowOf(w), w.clock.now()];
  w.pass(9 * hour);

  await hear(w, token, { by: 'event', at: at + 5 * minute });

  expect(await rowOf(w)).toEqual(before);
});

const rowOf = async (w: World) => (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value;

test('I2: where an edit and its undoing cover a rollback that nobody saw, the key of that rollback gets a whole grace', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  w.pass(12 * hour);
  const move = (from: string, to: string) => w.secrets.moveCurrent({ arn: w.arn, from, to });
  await move(token, w.firstVersion);
  w.pass(2 * minute);
  await move(w.firstVersion, token);
  const backAt = w.clock.now();
  const pasted = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  await move(pasted, token);
  w.pass(hour);

  await hear(w, token);

  const supersededAt = async (id: string) =>
    (await readSuperseded(w.ledger, supersededKey(w.arn, id)))?.value.supersededAt;
  expect(await supersededAt(w.firstVersion)).toBeGreaterThanOrEqual(backAt);
  expect(await supersededAt(pasted)).toBeGreaterThanOrEqual(backAt);
});

test('a change that moved nothing is seen once, and brings back no key that is off', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  const key = supersededKey(w.arn, w.firstVersion);
  const off = (await readSuperseded(w.ledger, key))!;
  await writeSuperseded(w.ledger, { ...off.value, stage: 'disabled', disabledAt: w.clock.now() }, off.rev);
  w.pass(hour);
  await w.model.updateSecret({ SecretId: w.arn, Description: 'of the orders team' });
  w.pass(minute);

  await hear(w, token);
  const changedAt = (await readAnnouncement(w.ledger, w.arn))?.value.changedAt;
  await hear(w, token);

  expect((await readSuperseded(w.ledger, key))?.value.stage).toBe('disabled');
  expect(changedAt).toBe((await w.secrets.describe(w.arn)).changedAt);
});

test('I2: such a rollback that a rotation follows within the grace gives the key a whole grace too', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  w.pass(12 * hour);
  const move = (from: string, to: string) => w.secrets.moveCurrent({ arn: w.arn, from, to });
  await move(token, w.firstVersion);
  await move(w.firstVersion, token);
  const backAt = w.clock.now();
  w.pass(hour);
  const next = await rotated(w);

  const before = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value;
  await hear(w, next);

  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value;
  expect(row?.supersededAt).toBeGreaterThanOrEqual(backAt);
  // Its end is told where its supersession was.
  expect(row?.correlationId).toBe(before?.correlationId);
});

test('a rotation after the grace brings nothing back', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  const key = supersededKey(w.arn, w.firstVersion);
  const over = (await readSuperseded(w.ledger, key))!;
  await writeSuperseded(w.ledger, { ...over.value, stage: 'disabled', disabledAt: w.clock.now() }, over.rev);
  w.pass(2 * day);

  await hear(w, await rotated(w));

  expect((await readSuperseded(w.ledger, key))?.value).toMatchObject({ stage: 'disabled', n: over.value.n });
});

test('I3: a rotation after maxGrace starts no new grace of a key that was held in its own', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  const before = await rowOf(w);
  w.pass(90 * day);

  await hear(w, await rotated(w));

  expect(before?.stage).toBe('grace');
  expect(await rowOf(w)).toEqual(before);
});

test('what changes each night keeps its old key no longer than the policy lets one grow old, and a grace', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  const since = w.clock.now();

  for (let night = 0; night < 30; night += 1) {
    w.pass(23 * hour);
    await w.model.updateSecret({ SecretId: w.arn, Description: `tagged anew, night ${night}` });
    w.pass(hour);
    await hear(w, token);
  }

  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value;
  expect(row?.supersededAt).toBeGreaterThan(since + 5 * day);
  expect(row?.supersededAt).toBeLessThan(since + 7 * day);
});

test('I2: a suspicion prolongs a grace to that of the change, however late it is looked at', async () => {
  const w = await known(await world());
  const token = await rotated(w);
  await hear(w, token);
  w.pass(minute);
  await w.model.updateSecret({ SecretId: w.arn, Description: 'of the orders team' });
  const changedAt = w.clock.now();
  w.pass(hour);

  await hear(w, token);

  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value;
  expect(row?.supersededAt).toBe(changedAt);
});
