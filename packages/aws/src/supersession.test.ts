import { expect, test } from 'vitest';

import type { Ledger } from './ledger.ts';
import { memoryLedger } from './memory-ledger.ts';
import { atOnce, lookAgain, noteSuperseded, readSuperseded, supersededKey, writeSuperseded } from './supersession.ts';

const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf';
const key = supersededKey(secretArn, 'old');
const where = { secretArn, versionId: 'old', provider: 'apigee', target: 'orders-app' } as const;
const note = { ...where, kind: 'superseded', supersededBy: 'new', correlationId: 'c' } as const;

const noteAt = (ledger: Ledger, n: number, at: number) =>
  noteSuperseded(ledger, { ...note, n, supersededAt: at, dueAt: at + 100 });

const rowOf = async (ledger: Ledger) => (await readSuperseded(ledger, key))?.value;

test('I2: the time of supersession is never moved back, not even by a newer announcement of a slower clock', async () => {
  const ledger = memoryLedger();
  await noteAt(ledger, 1, 5000);

  await noteAt(ledger, 2, 4000);

  expect(await rowOf(ledger)).toMatchObject({ n: 2, supersededAt: 5000 });
});

test.each([
  ['the same announcement', 7],
  ['an older announcement', 6],
])('I3: %s, heard again later, starts no new grace', async (_, n) => {
  const ledger = memoryLedger();
  await noteAt(ledger, 7, 1000);
  const before = await readSuperseded(ledger, key);

  await noteAt(ledger, n, 9000);

  expect(await readSuperseded(ledger, key)).toEqual(before);
});

test('I2: a version that was current again starts a whole grace, however far its retirement was', async () => {
  const ledger = memoryLedger();
  await noteAt(ledger, 1, 1000);
  const row = await readSuperseded(ledger, key);
  const disabled = { ...row!.value, stage: 'disabled', disabledAt: 1500, approvedAt: 1200, dueAt: 1600 } as const;
  await writeSuperseded(
    ledger,
    { ...disabled, held: { reason: 're-enabled', since: 1500, overMaxGrace: false } },
    row!.rev,
  );

  await noteAt(ledger, 2, 2000);

  expect(await rowOf(ledger)).toMatchObject({
    stage: 'grace',
    supersededAt: 2000,
    disabledAt: null,
    approvedAt: null,
    held: null,
    mayBeOff: true,
    dueAt: atOnce,
  });
});

test('I2: a version whose key is gone starts its grace as any other', async () => {
  const ledger = memoryLedger();
  await noteAt(ledger, 1, 1000);
  const row = (await readSuperseded(ledger, key))!;
  await writeSuperseded(ledger, { ...row.value, stage: 'retired', dueAt: null }, row.rev);

  await noteAt(ledger, 2, 2000);

  expect(await rowOf(ledger)).toMatchObject({ stage: 'grace', mayBeOff: false, dueAt: 2100 });
  expect(await ledger.due(2099, 10)).toEqual([]);
});

test('a row of an earlier version, which knows no doubt, is read', async () => {
  const ledger = memoryLedger();
  await noteAt(ledger, 1, 1000);
  const { mayBeOff: _none, ...older } = (await rowOf(ledger))!;
  await ledger.write(key, older, (await readSuperseded(ledger, key))!.rev);

  expect(await rowOf(ledger)).toMatchObject({ versionId: 'old', mayBeOff: false });
});

test('I2: a note that lost against another writer is written over what that one wrote', async () => {
  const ledger = memoryLedger();
  let writers = 0;
  const contended: Ledger = {
    ...ledger,
    write: async (...row) => {
      writers += 1;
      if (writers === 1) await noteAt(ledger, 1, 1000);
      return ledger.write(...row);
    },
  };

  await noteAt(contended, 2, 2000);

  expect(await rowOf(ledger)).toMatchObject({ n: 2, supersededAt: 2000 });
});

test('gives up, to be tried again, where others keep writing', async () => {
  const busy: Ledger = { ...memoryLedger(), write: async () => false };

  await expect(noteAt(busy, 1, 1000)).rejects.toMatchObject({ name: 'TransientError' });
});

test('I2: late word that a version was current again raises the time, and leaves the number', async () => {
  const ledger = memoryLedger();
  await noteAt(ledger, 5, 1000);

  await noteSuperseded(ledger, { ...note, n: 0, supersededAt: 3000, dueAt: 3100 }, 2000);

  expect(await rowOf(ledger)).toMatchObject({ n: 5, supersededAt: 3000, dueAt: atOnce });
});

test('a version that is current again is looked at before all that is due, but never one that is retired', async () => {
  const ledger = memoryLedger();
  await noteAt(ledger, 1, 1000);
  await lookAgain(ledger, secretArn, 'old');
  const again = await ledger.due(atOnce, 10);
  const { value, rev } = (await readSuperseded(ledger, key))!;
  await writeSuperseded(ledger, { ...value, stage: 'retired', dueAt: null }, rev);

  await lookAgain(ledger, secretArn, 'old');

  expect(again).toEqual([key]);
  expect(await ledger.due(9999, 10)).toEqual([]);
});

test('a sweep that writes in the same moment does not make the look at a version that is current again be forgotten', async () => {
  const ledger = memoryLedger();
  await noteAt(ledger, 1, 1000);
  let swept = false;
  const contended: Ledger = {
    ...ledger,
    write: async (...row) => {
      if (!swept) {
        swept = true;
        const { value, rev } = (await readSuperseded(ledger, key))!;
        await writeSuperseded(ledger, { ...value, stage: 'disabled', disabledAt: 1100, dueAt: 9000 }, rev);
      }
      return ledger.write(...row);
    },
  };

  await lookAgain(contended, secretArn, 'old');

  expect(await rowOf(ledger)).toMatchObject({ stage: 'disabled', dueAt: atOnce });
});

test('whoever cannot have a version looked at again is told to come back', async () => {
  const ledger = memoryLedger();
  await noteAt(ledger, 1, 1000);

  const look = lookAgain({ ...ledger, write: async () => false }, secretArn, 'old');

  await expect(look).rejects.toMatchObject({ name: 'TransientError' });
});
