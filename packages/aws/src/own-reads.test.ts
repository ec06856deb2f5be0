import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { memoryLedger } from './memory-ledger.ts';
import { noteOwnRead, noteReader, readOldReads } from './own-reads.ts';

const secretArn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/apigee-AbCdEf';
const version = { secretArn, versionId: 'v1' };

test('of a version that nobody noted nothing is known', async () => {
  expect(await readOldReads(memoryLedger(), version)).toEqual({ ownReadAt: 0, readerDay: 0 });
});

test('the latest of each counts, in whatever order it is noted, and each version has its own', async () => {
  const ledger = memoryLedger();

  for (const at of [20, 30, 10]) await noteOwnRead(ledger, { ...version, at });
  for (const day of [2, 3, 1]) await noteReader(ledger, { ...version, day });
  await noteOwnRead(ledger, { secretArn, versionId: 'v2', at: 99 });

  expect(await readOldReads(ledger, version)).toMatchObject({ ownReadAt: 30, readerDay: 3 });
});

test('two who note at the same time lose nothing', async () => {
  const ledger = memoryLedger();

  await Promise.all([5, 7, 6].map((at) => noteOwnRead(ledger, { ...version, at })));

  expect(await readOldReads(ledger, version)).toMatchObject({ ownReadAt: 7 });
});

test('a note that cannot be written is no note', async () => {
  const ledger = { ...memoryLedger(), write: async () => false };

  await expect(noteOwnRead(ledger, { ...version, at: 1 })).rejects.toBeInstanceOf(TransientError);
});

test('it stands in a partition of its own, where nothing decides about keys', async () => {
  const partitions: string[] = [];
  const memory = memoryLedger();
  const write: typeof memory.write = (key, ...rest) => {
    partitions.push(key.partition);
    return memory.write(key, ...rest);
  };

  await noteOwnRead({ ...memory, write }, { ...version, at: 1 });

  expect(partitions).toEqual([expect.stringMatching(/^read#[0-9a-f]{32}$/)]);
});
