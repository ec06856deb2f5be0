import type { Ledger, LedgerKey } from '@keyturn/aws/ledger';
import { memoryLedger } from '@keyturn/aws/memory-ledger';

type Write = {
  readonly key: LedgerKey;
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly dueAt: number | undefined;
};

export type LabLedger = {
  readonly ledger: Ledger;
  /** Every row is gone. */
  wipe(): void;
  /** The rows are as they were after the first half of all writes. */
  restoreHalf(): void;
  hasDue(time: number): boolean;
  /** What stands there now, whoever wrote it. */
  rows(): readonly { readonly row: string; readonly value: Readonly<Record<string, unknown>> }[];
  /** What was ever written, as text. */
  texts(): readonly string[];
};

/** The ledger in memory; it can be lost, and put back as it was. `onDue` hears when a row will be due. */
export function labLedger(onDue: (time: number) => void): LabLedger {
  // Random in the table: what was read before rows were lost or put back never fits what stands there since.
  let revs = 0;
  const empty = () => memoryLedger(() => (revs += 1));
  let inner = empty();
  const writes: Write[] = [];
  const due = new Map<string, number>();
  const standing = new Map<string, { readonly row: string; readonly value: Readonly<Record<string, unknown>> }>();
  const keep = (key: LedgerKey, value: Write['value'], dueAt: number | undefined) => {
    writes.push({ key, value, dueAt });
    note(key, value, dueAt);
  };
  const note = (key: LedgerKey, value: Write['value'], dueAt: number | undefined) => {
    const name = `${key.partition} ${key.row}`;
    if (value === undefined) standing.delete(name);
    else standing.set(name, { row: key.row, value });
    if (dueAt === undefined) due.delete(name);
    else due.set(name, dueAt);
    if (dueAt !== undefined) onDue(dueAt);
  };
  return {
    ledger: {
      read: (key, schema) => inner.read(key, schema),
      list: (partition, prefix, schema) => inner.list(partition, prefix, schema),
      due: (time, limit) => inner.due(time, limit),
      async write(key, value, rev, dueAt) {
        const written = await inner.write(key, value, rev, dueAt);
        if (written) keep(key, value, dueAt);
        return written;
      },
      async remove(key, rev) {
        const removed = await inner.remove(key, rev);
        if (removed) keep(key, undefined, undefined);
        return removed;
      },
    },
    wipe() {
      inner = empty();
      due.clear();
      standing.clear();
    },
    restoreHalf() {
      inner = empty();
      due.clear();
      standing.clear();
      const half = writes.slice(0, Math.floor(writes.length / 2));
      for (const { key, value, dueAt } of new Map(half.map((write) => [JSON.stringify(write.key), write])).values()) {
        if (value === undefined) continue;
        // In memory it is written at once.
        void inner.write(key, value, 0, dueAt);
        note(key, value, dueAt);
      }
    },
    hasDue: (time) => [...due.values()].some((at) => at <= time),
    rows: () => [...standing.values()],
    texts: () => writes.map(({ key, value }) => JSON.stringify([key, value])),
  };
}
