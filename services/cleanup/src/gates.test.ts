import { dayOf } from '@keyturn/aws/last-read';
import { noteOwnRead } from '@keyturn/aws/own-reads';
import { noteSuperseded, readSuperseded, supersededKey, writeSuperseded } from '@keyturn/aws/supersession';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { day, hour, minute, secretText, world, type World } from '../../../test/world.ts';
import { sweepDue } from './sweep-due.ts';

const margin = 10 * minute;

/** A world in which the hand-made key is superseded at eight in the morning, under that policy. */
async function superseded(policy = 'standard') {
  const w = await world({ tags: { 'keyturn:policy': policy } });
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const next = w.provider.handMade({ target: 'orders-app' });
  const versionId = await w.paste(next);
  await w.provider.mark({ target: 'orders-app', keyId: next.keyId, mark: w.mark(versionId) });
  await note(w, w.firstVersion);
  return { ...w, next, versionId };
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
    supersededBy: 'b',
    correlationId: 'c',
    dueAt: w.clock.now() + day + margin,
  });
}

const sweep = async (w: World, deps: Partial<World['cleanup']> = {}) => {
  await w.seen();
  return sweepDue(w.clock.now() + 15 * minute, { ...w.cleanup, ...deps });
};
const stateOf = (w: World, { keyId }: Credential) => w.keys().get(keyId.reveal()) ?? 'absent';
const strangerReads = (w: World, versionId = w.firstVersion) =>
  w.model.getSecretValue({ SecretId: w.arn, VersionId: versionId });
const held = (w: World) => w.events('RetirementHeld').map((event) => RetirementHeld.parse(event).data);
const rowOf = async (w: World) => (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value;

/** One sweep every hour, for so long. */
async function live(w: World, ms: number, deps: Partial<World['cleanup']> = {}) {
  for (let passed = 0; passed < ms; passed += hour) {
    w.pass(hour);
    await sweep(w, deps);
  }
}

async function until(w: World, at: string) {
  w.pass(Date.parse(at) - w.clock.now());
}

test('a version that was read on the day on which it was superseded, and not later, goes when it is due', async () => {
  const w = await superseded();
  w.pass(3 * hour);
  await strangerReads(w);

  await live(w, 26 * hour);

  expect(stateOf(w, w.handMade)).toBe('disabled');
  expect(held(w)).toEqual([]);
});

test('a version that is read on a later day is kept, told once, and let go a grace after the end of that day', async () => {
  const w = await superseded();
  await until(w, '2026-11-22T07:00:00Z');
  await strangerReads(w);

  await until(w, '2026-11-24T00:00:00Z');
  await sweep(w);
  await until(w, '2026-11-24T00:09:00Z');
  await sweep(w);
  const before = stateOf(w, w.handMade);
  await live(w, 2 * hour);

  expect(before).toBe('enabled');
  expect(held(w)).toMatchObject([{ reason: 'still-read', step: 'disable', overMaxGrace: false, forceAt: null }]);
  expect(stateOf(w, w.handMade)).toBe('disabled');
});

test('a reader who comes every day keeps the key, however often the sweep looks', async () => {
  const w = await superseded();

  for (let days = 0; days < 5; days += 1) {
    await live(w, 23 * hour);
    await strangerReads(w);
    await live(w, hour);
  }

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(held(w)).toHaveLength(1);
});

test.each([
  ['four minutes before midnight, noticed after it', '2026-11-21T23:56:00Z', '2026-11-22T00:04:00Z'],
  ['just before midnight, and read by a clock that is ahead', '2026-11-21T23:50:00Z', '2026-11-22T00:02:00Z'],
])('superseded %s: a read about that time is no later day', async (_, at, readAt) => {
  const w = await superseded();
  await until(w, at);
  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  await writeSuperseded(w.ledger, { ...row!.value, supersededAt: w.clock.now() }, row!.rev);
  await until(w, readAt);
  await strangerReads(w);

  w.pass(day + hour);
  await sweep(w);

  expect(held(w)).toEqual([]);
  expect(stateOf(w, w.handMade)).toBe('disabled');
});

test('our own read on a later day is no reader; one on a day after that is', async () => {
  const w = await superseded();
  await until(w, '2026-11-22T06:00:00Z');
  await noteOwnRead(w.ledger, { secretArn: w.arn, versionId: w.firstVersion, at: w.clock.now() });
  await strangerReads(w);
  const mine = await superseded();
  await until(mine, '2026-11-22T06:00:00Z');
  await noteOwnRead(mine.ledger, { secretArn: mine.arn, versionId: mine.firstVersion, at: mine.clock.now() });
  await until(mine, '2026-11-23T06:00:00Z');
  await strangerReads(mine);

  w.pass(3 * hour);
  await sweep(w);
  await sweep(mine);

  expect([stateOf(w, w.handMade), held(w)]).toEqual(['disabled', []]);
  expect([stateOf(mine, mine.handMade), held(mine)]).toMatchObject(['enabled', [{ reason: 'still-read' }]]);
});

test('a sweep that dies while it reads the old version is not taken for a reader days later', async () => {
  const w = await superseded();
  w.pass(day + margin);
  const value: typeof w.secrets.value = async (id, which) => {
    const version = await w.secrets.value(id, which);
    if (which.versionId === w.firstVersion) throw new Error('the function was killed');
    return version;
  };
  await expect(sweep(w, { secrets: { ...w.secrets, value } })).rejects.toThrow();

  w.pass(day);
  await sweep(w);

  expect((await w.secrets.lastRead(w.arn)).get(w.firstVersion)).toBe(dayOf(w.clock.now()));
  expect([stateOf(w, w.handMade), held(w)]).toEqual(['disabled', []]);
});

test('where our own read cannot be noted, nothing is read and nothing is ended', async () => {
  const w = await superseded();
  w.pass(day + margin);
  const write: typeof w.ledger.write = async (key, ...rest) => {
    if (key.partition.startsWith('read#')) throw new TransientError('the table throttles');
    return w.ledger.write(key, ...rest);
  };

  await sweep(w, { ledger: { ...w.ledger, write } });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect((await w.secrets.lastRead(w.arn)).get(w.firstVersion)).toBeUndefined();
});

test('who still reads the key under another version id keeps it too', async () => {
  const w = await superseded();
  const copy = { SecretString: `${secretText(w.handMade)} `, VersionStages: ['copy'] };
  const { VersionId: versionId = '' } = await w.model.putSecretValue({ SecretId: w.arn, ...copy });
  await note(w, versionId);
  await until(w, '2026-11-22T07:00:00Z');
  await strangerReads(w, versionId);

  w.pass(2 * hour);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(new Set(held(w).map(({ reason }) => reason))).toEqual(new Set(['still-read']));
});

test('a reader does not stop the deletion of a key that is off', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  w.pass(6 * day);
  await strangerReads(w);

  w.pass(day);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('absent');
});

test('that we may not ask who reads holds the key and is told', async () => {
  const w = await superseded();
  w.pass(day + margin);
  const lastRead = async () => {
    throw new PermanentError('access-denied', 'ListSecretVersionIds: AccessDeniedException');
  };

  await sweep(w, { secrets: { ...w.secrets, lastRead } });

  expect([stateOf(w, w.handMade), held(w)]).toMatchObject(['enabled', [{ reason: 'access-denied' }]]);
});

/** An application that has a copy of the key uses it. */
async function use(w: World, credential: Credential) {
  await w.provider.check({ target: 'orders-app', credential, probe: 'credential', times: 1 });
}

test('a key that was used within the time of the policy is kept, told once, and looked at when that is over', async () => {
  const w = await superseded('idle');
  w.pass(day);
  await use(w, w.handMade);
  const usedAt = w.clock.now();

  await live(w, hour);
  const dueAt = (await rowOf(w))?.dueAt;
  await live(w, 34 * hour);
  const before = stateOf(w, w.handMade);
  await live(w, 2 * hour);

  expect(dueAt).toBe(usedAt + 36 * hour);
  expect(held(w)).toMatchObject([{ reason: 'still-used', step: 'disable', overMaxGrace: false }]);
  expect([before, stateOf(w, w.handMade)]).toEqual(['enabled', 'disabled']);
});

test('without unusedFor nobody asks when the key was used', async () => {
  const w = await superseded();
  w.pass(day);
  await use(w, w.handMade);

  await live(w, hour);

  expect(stateOf(w, w.handMade)).toBe('disabled');
});

test('a key that was never used goes when it is due', async () => {
  const w = await superseded('idle');

  await live(w, 25 * hour);

  expect(stateOf(w, w.handMade)).toBe('disabled');
});

const deaf = (w: World): Partial<World['cleanup']> => {
  const check: typeof w.provider.check = async (request) => {
    if (request.usage === true) throw new TransientError('The statistics do not answer');
    return w.provider.check(request);
  };
  return { issue: () => ({ ...w.provider, check }) };
};

test('statistics that cannot be read put the row off, and disable nothing', async () => {
  const w = await superseded('forceful');

  await live(w, 4 * day - hour, deaf(w));

  expect([stateOf(w, w.handMade), held(w)]).toEqual(['enabled', []]);
  expect((await rowOf(w))?.stage).toBe('grace');
});

test('force: statistics that never answer keep no key beyond maxGrace', async () => {
  const w = await superseded('forceful');

  await live(w, 4 * day + hour, deaf(w));

  expect([stateOf(w, w.handMade), held(w)]).toEqual(['disabled', []]);
});

test('hold: a key that lives on because something never answers is told once when it is too old', async () => {
  const w = await superseded('idle');

  await live(w, 9 * day, deaf(w));
  const told = held(w);
  await live(w, 2 * day);

  expect(told).toMatchObject([{ reason: 'unavailable', step: 'disable' }]);
  expect([stateOf(w, w.handMade), held(w)]).toEqual(['disabled', told]);
});

test('a provider that cannot tell the use that the policy asks for holds the key, even by force', async () => {
  const w = await superseded('forceful');
  const describe = async () => ({ ...(await w.provider.describe()), lastUsed: false });

  await live(w, 5 * day, { issue: () => ({ ...w.provider, describe }) });

  expect([stateOf(w, w.handMade), held(w)]).toMatchObject(['enabled', [{ reason: 'unsupported' }]]);
});

/** An application that does not let go: it reads the old version, or uses its key, four times a day. */
async function cling(w: World, how: 'read' | 'use', ms: number) {
  for (let passed = 0; passed < ms; passed += 6 * hour) {
    await live(w, 6 * hour);
    if (how === 'read') await strangerReads(w);
    else if (stateOf(w, w.handMade) === 'enabled') await use(w, w.handMade);
  }
}

test.each(['read', 'use'] as const)(
  'hold: a key that is still in %s after maxGrace is kept and told once more',
  async (how) => {
    const w = await superseded('idle');

    await cling(w, how, 8 * day);

    const reason = how === 'read' ? 'still-read' : 'still-used';
    expect(stateOf(w, w.handMade)).toBe('enabled');
    expect(held(w)).toMatchObject([
      { reason, overMaxGrace: false, forceAt: null },
      { reason, overMaxGrace: true, forceAt: null },
    ]);
    const keys = w.events('RetirementHeld').map(({ detail }) => detail.metadata.idempotencyKey);
    expect(new Set(keys).size).toBe(2);
    expect((await rowOf(w))?.held).toMatchObject({ reason, overMaxGrace: true });
  },
);

test.each(['read', 'use'] as const)(
  'force: a key that is still in %s is switched off at maxGrace, and not before',
  async (how) => {
    const w = await superseded('forceful');
    const maxGraceAt = w.clock.now() + 4 * day;

    await cling(w, how, 4 * day - 6 * hour);
    await live(w, 5 * hour);
    const before = stateOf(w, w.handMade);
    await live(w, hour);

    expect(held(w)).toMatchObject([{ overMaxGrace: false, forceAt: new Date(maxGraceAt).toISOString() }]);
    expect([before, stateOf(w, w.handMade)]).toEqual(['enabled', 'disabled']);
  },
);

test('force does not stand for an approval, for a mark or for a current key that works', async () => {
  const w = await superseded('forceful');
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    const refused = request.probe === 'credential' && request.credential.keyId.reveal() === w.next.keyId.reveal();
    return refused ? { ...result, use: { outcome: 'rejected', code: 'x', final: false } } : result;
  };

  await live(w, 6 * day, { issue: () => ({ ...w.provider, check }) });

  expect([stateOf(w, w.handMade), held(w)]).toMatchObject(['enabled', [{ reason: 'key-rejected' }]]);
});
