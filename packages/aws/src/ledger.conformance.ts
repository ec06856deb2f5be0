import { PermanentError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import type { Ledger } from './ledger.ts';

const note = z.object({ text: z.string() });
const key = { partition: 'secret#1', row: 'note' };

/** What every ledger promises. `setUp` answers an empty one. */
export function testLedger(name: string, setUp: () => Ledger | Promise<Ledger>): void {
  describe(`${name} as a ledger`, () => {
    test('reads a row as it was written, and nothing where nobody wrote', async () => {
      const ledger = await setUp();

      const written = await ledger.write(key, { text: 'größer\n"' }, 0);

      expect(written).toBe(true);
      expect(await ledger.read(key, note)).toMatchObject({ value: { text: 'größer\n"' } });
      expect(await ledger.read({ ...key, row: 'other' }, note)).toBeUndefined();
      expect(await ledger.read({ ...key, partition: 'other' }, note)).toBeUndefined();
    });

    test('creates a row only where none is', async () => {
      const ledger = await setUp();
      await ledger.write(key, { text: 'first' }, 0);

      const second = await ledger.write(key, { text: 'second' }, 0);

      expect(second).toBe(false);
      expect((await ledger.read(key, note))?.value.text).toBe('first');
    });

    test('writes over the revision that was read, and over no older one', async () => {
      const ledger = await setUp();
      await ledger.write(key, { text: 'one' }, 0);
      const read = await ledger.read(key, note);

      const next = await ledger.write(key, { text: 'two' }, read!.rev);
      const late = await ledger.write(key, { text: 'three' }, read!.rev);

      expect([next, late]).toEqual([true, false]);
      expect((await ledger.read(key, note))?.value.text).toBe('two');
    });

    test('lets one of many writers win', async () => {
      const ledger = await setUp();
      await ledger.write(key, { text: '' }, 0);
      const { rev } = (await ledger.read(key, note))!;

      const writers = Array.from({ length: 8 }, (_, n) => ledger.write(key, { text: `writer ${n}` }, rev));
      const outcomes = await Promise.all(writers);

      const winner = outcomes.indexOf(true);
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect((await ledger.read(key, note))?.value.text).toBe(`writer ${winner}`);
    });

    test('takes no revision of a removed row for one of the row that stands there now', async () => {
      const ledger = await setUp();
      await ledger.write(key, { text: 'old' }, 0);
      const { rev } = (await ledger.read(key, note))!;
      await ledger.remove(key, rev);
      await ledger.write(key, { text: 'new' }, 0);

      const stale = await ledger.write(key, { text: 'stale' }, rev);
      const staleRemoval = await ledger.remove(key, rev);

      expect([stale, staleRemoval]).toEqual([false, false]);
      expect((await ledger.read(key, note))?.value.text).toBe('new');
    });

    test('removes the revision that was read, and nothing else', async () => {
      const ledger = await setUp();
      await ledger.write(key, { text: 'here' }, 0);
      const { rev } = (await ledger.read(key, note))!;

      const wrong = await ledger.remove(key, rev + 1);
      const absent = await ledger.remove({ ...key, row: 'absent' }, 0);
      const right = await ledger.remove(key, rev);

      expect([wrong, absent, right]).toEqual([false, false, true]);
      expect(await ledger.read(key, note)).toBeUndefined();
    });

    test('lists the rows of one partition by prefix, in the order of their names', async () => {
      const ledger = await setUp();
      for (const row of ['superseded#b', 'announcement', 'superseded#a', 'superseded#Z']) {
        await ledger.write({ partition: 'secret#1', row }, { text: row }, 0);
      }
      await ledger.write({ partition: 'secret#2', row: 'superseded#c' }, { text: 'foreign' }, 0);

      const superseded = await ledger.list('secret#1', 'superseded#', note);
      const all = await ledger.list('secret#1', '', note);

      expect(superseded.map((row) => row.key.row)).toEqual(['superseded#Z', 'superseded#a', 'superseded#b']);
      expect(superseded.map((row) => row.value.text)).toEqual(superseded.map((row) => row.key.row));
      expect(all).toHaveLength(4);
      const { rev } = superseded[0]!;
      expect(await ledger.write(superseded[0]!.key, { text: 'listed revisions count' }, rev)).toBe(true);
    });

    test('lists all rows, however large they are together', async () => {
      const ledger = await setUp();
      const text = 'x'.repeat(300_000);
      for (const row of ['1', '2', '3', '4', '5']) await ledger.write({ ...key, row }, { text }, 0);

      const rows = await ledger.list(key.partition, '', note);

      expect(rows.map((row) => row.key.row)).toEqual(['1', '2', '3', '4', '5']);
    });

    test('finds due rows, the oldest first, and none that waits or is not waiting any more', async () => {
      const ledger = await setUp();
      const dueAt = { late: 3_000, early: 1_000, now: 2_000, future: 2_001 };
      for (const [row, at] of Object.entries(dueAt)) await ledger.write({ ...key, row }, { text: row }, 0, at);
      await ledger.write({ ...key, row: 'never' }, { text: '' }, 0);
      await ledger.write({ partition: 'secret#2', row: 'elsewhere' }, { text: '' }, 0, 1_500);

      const due = await ledger.due(2_000, 10);
      const first = await ledger.due(2_000, 1);

      expect(due.map(({ row }) => row)).toEqual(['early', 'elsewhere', 'now']);
      expect(due[1]).toEqual({ partition: 'secret#2', row: 'elsewhere' });
      expect(first).toEqual(due.slice(0, 1));
    });

    test('forgets that a row is due when it is written without a date, or removed', async () => {
      const ledger = await setUp();
      const other = { ...key, row: 'other' };
      await ledger.write(key, { text: '' }, 0, 1_000);
      await ledger.write(other, { text: '' }, 0, 1_000);

      await ledger.write(key, { text: 'done' }, (await ledger.read(key, note))!.rev);
      await ledger.remove(other, (await ledger.read(other, note))!.rev);

      expect(await ledger.due(9_000, 10)).toEqual([]);
    });

    test('refuses a row that is not what the reader expects, naming the field and not what stands there', async () => {
      const ledger = await setUp();
      await ledger.write(key, { text: ['unexpected'] }, 0);

      const reading = ledger.read(key, note);

      await expect(reading).rejects.toBeInstanceOf(PermanentError);
      await expect(reading).rejects.toMatchObject({ reason: 'malformed', field: 'text' });
      await expect(reading).rejects.not.toThrow(/unexpected/);
    });
  });
}
