import { listAdoptions } from '@keyturn/aws/adoption';
import { noteSuperseded } from '@keyturn/aws/supersession';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import { VersionAdopted } from '@keyturn/events/version-adopted';
import { expect, test } from 'vitest';

import { day, hour, minute, world, type World } from '../../../test/world.ts';
import { parseOutcome, settleRotation } from './settle-rotation.ts';
import { sweepDue } from './sweep-due.ts';

const shopAccount = '444455556666';

/** A secret whose policy has readers that acknowledge; its hand-made key is current. */
async function setUp(policy = 'told') {
  const w = await world({ tags: { 'keyturn:policy': policy } });
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  await w.seen();
  return w;
}

/** Another key becomes current; the one before is noted as the announcer does. */
async function turn(w: World, before: string): Promise<string> {
  const next = w.provider.handMade({ target: 'orders-app' });
  const versionId = await w.paste(next);
  await w.provider.mark({ target: 'orders-app', keyId: next.keyId, mark: w.mark(versionId) });
  await supersede(w, before, versionId);
  return versionId;
}

async function supersede(w: World, versionId: string, supersededBy: string) {
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'superseded',
    n: Math.floor(w.clock.now() / 1000),
    supersededAt: w.clock.now(),
    supersededBy,
    correlationId: 'c',
    dueAt: w.clock.now() + day + 10 * minute,
  });
}

type Word = { readonly reader?: string; readonly account?: string; readonly at?: number; readonly secretArn?: string };

/** As EventBridge brings it: what the reader says, and who it is and when by EventBridge's word. */
function word(
  w: World,
  versionId: string,
  { reader = 'shop', account = shopAccount, at, secretArn = w.arn }: Word = {},
) {
  const event = VersionAdopted.create(
    { secretArn, versionId, reader },
    {
      eventId: w.newId(),
      occurredAt: new Date(w.clock.now()).toISOString(),
      correlationId: versionId,
      causationId: null,
      idempotencyKey: 'k',
      traceparent: null,
    },
  );
  const time = `${new Date(at ?? w.clock.now()).toISOString().slice(0, 19)}Z`;
  return { version: '0', id: w.newId(), account, time, region: 'eu-central-1', ...event };
}

const hear = (w: World, body: unknown) => settleRotation(parseOutcome(body), w.cleanup);
const says = (w: World, versionId: string, about: Word = {}) => hear(w, word(w, versionId, about));

/** A sweep an hour. */
async function pass(w: World, ms: number) {
  for (let passed = 0; passed < ms; passed += hour) {
    w.pass(hour);
    await w.seen();
    await sweepDue(w.clock.now() + 15 * minute, w.cleanup);
  }
}

const firstKey = (w: World) => w.keys().get(w.handMade.keyId.reveal()) ?? 'absent';
const held = (w: World) => w.events('RetirementHeld').map((event) => RetirementHeld.parse(event).data);
const known = async (w: World) =>
  (await listAdoptions(w.ledger, w.arn)).map(({ reader, versionId, at }) => ({ reader, versionId, at }));
const dropped = (w: World) => w.log.lines.flatMap(({ because }) => (because === undefined ? [] : [because]));

test('without a word of any reader a key goes when it is due', async () => {
  const w = await setUp();
  await turn(w, w.firstVersion);

  await pass(w, 26 * hour);

  expect([firstKey(w), held(w)]).toEqual(['disabled', []]);
});

test('a key waits for a reader that used it and has not said that it uses the next, told once with its name', async () => {
  const w = await setUp();
  await says(w, w.firstVersion);
  const second = await turn(w, w.firstVersion);

  await pass(w, 2 * day);
  const meanwhile = firstKey(w);
  await says(w, second);
  await pass(w, 2 * hour);

  expect(meanwhile).toBe('enabled');
  expect(held(w)).toMatchObject([
    { reason: 'not-adopted', lateReaders: ['shop'], step: 'disable', overMaxGrace: false },
  ]);
  expect(firstKey(w)).toBe('disabled');
});

test('a reader that was early keeps nothing, and nothing goes before its grace for all that they say', async () => {
  const w = await setUp();
  await says(w, w.firstVersion);
  const second = await turn(w, w.firstVersion);
  await says(w, second);
  await says(w, second, { reader: 'billing' });

  await pass(w, 24 * hour);
  const inGrace = firstKey(w);
  await pass(w, 2 * hour);

  expect([inGrace, firstKey(w), held(w)]).toEqual(['enabled', 'disabled', []]);
});

test('of two readers the slower one decides', async () => {
  const w = await setUp();
  await says(w, w.firstVersion);
  await says(w, w.firstVersion, { reader: 'billing', account: '777788889999' });
  const second = await turn(w, w.firstVersion);
  await says(w, second);

  await pass(w, 2 * day);

  expect(firstKey(w)).toBe('enabled');
  expect(held(w)).toMatchObject([{ lateReaders: ['billing'] }]);
});

test('after maxGrace the owner is told again, or the key goes all the same', async () => {
  const patient = await setUp();
  const forceful = await setUp('told-forceful');
  for (const w of [patient, forceful]) {
    await says(w, w.firstVersion);
    await turn(w, w.firstVersion);
    await pass(w, 4 * day + 2 * hour);
  }

  expect([firstKey(patient), firstKey(forceful)]).toEqual(['enabled', 'disabled']);
  expect(held(patient).map(({ overMaxGrace }) => overMaxGrace)).toEqual([false, true]);
  expect(held(forceful)).toHaveLength(1);
  expect(held(forceful)[0]?.forceAt).not.toBeNull();
});

test('a reader that was silent for longer than its lapse does not count', async () => {
  const w = await setUp();
  await says(w, w.firstVersion);
  w.pass(39 * day);
  await turn(w, w.firstVersion);

  await pass(w, 26 * hour);

  expect([firstKey(w), held(w)]).toEqual(['disabled', []]);
});

test('a reader that skipped a version has let go of those before', async () => {
  const w = await setUp();
  await says(w, w.firstVersion);
  const second = await turn(w, w.firstVersion);
  w.pass(hour);
  const third = await turn(w, second);
  await says(w, third);

  await pass(w, 27 * hour);

  expect(firstKey(w)).toBe('disabled');
  expect(held(w)).toEqual([]);
});

test('a reader that stays behind at the second version keeps that one alone', async () => {
  const w = await setUp();
  const second = await turn(w, w.firstVersion);
  w.pass(minute);
  await says(w, second);
  w.pass(hour);
  await turn(w, second);

  await pass(w, 2 * day);

  expect(firstKey(w)).toBe('disabled');
  expect(held(w).map(({ versionId }) => versionId)).toEqual([second]);
});

test('a word that comes again changes nothing, however often and however late', async () => {
  const w = await setUp();
  const first = word(w, w.firstVersion);
  await hear(w, first);
  const before = await known(w);

  for (const ms of [0, hour, 20 * day]) {
    w.pass(ms);
    await hear(w, first);
    await hear(w, first);
  }

  expect(await known(w)).toEqual(before);
  // Nor does it make a dead reader look alive.
  w.pass(20 * day);
  await turn(w, w.firstVersion);
  await pass(w, 26 * hour);
  expect(firstKey(w)).toBe('disabled');
});

test('an old word that comes after the new one, or is sent again, does not move a reader back', async () => {
  const w = await setUp();
  const old = word(w, w.firstVersion);
  const second = await turn(w, w.firstVersion);
  w.pass(minute);
  await says(w, second);
  const before = await known(w);

  await hear(w, old);
  await says(w, w.firstVersion);

  expect(await known(w)).toEqual(before);
  expect(dropped(w)).toEqual(['the version is not current', 'the version is not current']);
});

test('an old word that is sent again makes nobody look alive who was never heard', async () => {
  const w = await setUp();
  await turn(w, w.firstVersion);

  await says(w, w.firstVersion);
  await pass(w, 26 * hour);

  expect(await known(w)).toEqual([]);
  expect(firstKey(w)).toBe('disabled');
});

test('a word of weeks ago counts as of weeks ago, also where its version is current again', async () => {
  const w = await setUp();
  const old = word(w, w.firstVersion);
  const second = await turn(w, w.firstVersion);
  w.pass(20 * day);
  await says(w, second);
  await w.model.updateSecretVersionStage({
    SecretId: w.arn,
    VersionStage: 'AWSCURRENT',
    MoveToVersionId: w.firstVersion,
    RemoveFromVersionId: second,
  });
  const before = await known(w);

  await hear(w, old);

  expect(await known(w)).toEqual(before);
});

test('a sender cannot stay alive by a time in the future', async () => {
  const w = await setUp();

  await says(w, w.firstVersion, { at: w.clock.now() + 1000 * day });

  expect(await known(w)).toEqual([{ reader: 'shop', versionId: w.firstVersion, at: w.clock.now() }]);
});

test.each([
  ['another account', { account: '123412341234' }, 'the account is none of the reader'],
  ['our own account', { account: '123456789012' }, 'the account is none of the reader'],
  ["another reader's account", { account: '777788889999' }, 'the account is none of the reader'],
  [
    'a reader that nobody declared',
    { reader: 'nobody' },
    'the policy of the secret has no such reader that acknowledges',
  ],
  [
    'a reader that does not acknowledge',
    { reader: 'cached' },
    'the policy of the secret has no such reader that acknowledges',
  ],
  [
    'a name that every object has',
    { reader: 'constructor' },
    'the policy of the secret has no such reader that acknowledges',
  ],
  [
    'a secret that is not managed',
    { secretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf' },
    'the secret is not managed',
  ],
  ['no secret at all', { secretArn: 'https://evil.example/' }, 'the secret is not managed'],
] as const)('forged: %s is dropped and logged, and no dead letter', async (_, about, because) => {
  const w = await setUp();

  await says(w, w.firstVersion, about);

  expect(await known(w)).toEqual([]);
  expect(dropped(w)).toEqual([because]);
});

test.each([
  ['a version that never was', 'no-such-version'],
  ['the name of a stage', 'AWSCURRENT'],
  ['a version that is pending', 'pending'],
])('%s is dropped', async (_, versionId) => {
  const w = await setUp();
  const pending = versionId === 'pending' ? await w.begin() : versionId;

  await says(w, pending);

  expect(await known(w)).toEqual([]);
  expect(dropped(w)).toEqual(['the version is not current']);
});

test.each([
  ['no data', { detail: {} }],
  ['a version that is no text', { detail: { data: { versionId: 7 } } }],
  ['no account', { account: undefined }],
  ['a time that is none', { time: 'yesterday' }],
])('what cannot be read is dropped and logged, and no dead letter: %s', async (_, change) => {
  const w = await setUp();

  await hear(w, { ...word(w, w.firstVersion), ...change });

  expect(await known(w)).toEqual([]);
  expect(w.log.lines.map(({ message }) => message)).toContain('A reader said something that cannot be read');
});

test('nothing that somebody wrote gets into the log', async () => {
  const w = await setUp();

  await says(w, 'hunter2-canary', {});
  await says(w, w.firstVersion, { reader: 'hunter2-canary' });
  await says(w, w.firstVersion, { secretArn: 'hunter2-canary' });

  expect(JSON.stringify(w.log.lines)).not.toContain('hunter2');
  expect(dropped(w)).toHaveLength(3);
});

test('a key that is under two versions waits for the reader of the later one', async () => {
  const w = await setUp();
  const second = await turn(w, w.firstVersion);
  w.pass(hour);
  const again = await w.paste(w.handMade);
  await supersede(w, second, again);
  await w.seen();
  w.pass(minute);
  await says(w, again);
  w.pass(hour);
  await turn(w, again);

  await pass(w, 2 * day);

  expect(firstKey(w)).toBe('enabled');
  expect(held(w).some(({ reason }) => reason === 'not-adopted')).toBe(true);
});
