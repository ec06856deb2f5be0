import { parseRow } from './ledger-row.ts';
import type { Ledger, LedgerKey } from './ledger.ts';

type Stored = {
  readonly key: LedgerKey;
  readonly text: string;
  readonly rev: number;
  readonly dueAt: number | undefined;
};

/** The ledger in memory, for tests and the fault lab. Rows are kept as text, as they are in the table. `newRev`: of each write, never the same twice. */
export function memoryLedger(newRev: () => number = counter()): Ledger {
  const rows = new Map<string, Stored>();
  const at = ({ partition, row }: LedgerKey) => `${partition}\n${row}`;
  const revOf = (key: LedgerKey) => rows.get(at(key))?.rev ?? 0;

  return {
    read: async (key, schema) => {
      const row = rows.get(at(key));
      return row === undefined ? undefined : { value: parseRow(row.text, schema, key), rev: row.rev };
    },
    list: async (partition, prefix, schema) =>
      [...rows.values()]
        .filter(({ key }) => key.partition === partition && key.row.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key.row), Buffer.from(b.key.row)))
        .map(({ key, text, rev }) => ({ key, value: parseRow(text, schema, key), rev })),
    write: async (key, value, rev, dueAt) => {
      if (revOf(key) !== rev) return false;
      rows.set(at(key), { key: { ...key }, text: JSON.stringify(value), rev: newRev(), dueAt });
      return true;
    },
    remove: async (key, rev) => {
      if (rev === 0 || revOf(key) !== rev) return false;
      return rows.delete(at(key));
    },
    due: async (now, limit) =>
      [...rows.values()]
        .flatMap(({ key, dueAt }) => (dueAt === undefined || dueAt > now ? [] : [{ key, dueAt }]))
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit)
        .map(({ key }) => key),
  };
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}
