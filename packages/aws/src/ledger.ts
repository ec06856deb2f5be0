import type { ZodType } from 'zod';

/**
 * Rows with optimistic concurrency, and a list of those that are due. Single-item conditional writes are all it asks of a database.
 * No row holds a secret, a key id or anything derived from a secret but its fingerprint.
 */
export type Ledger = {
  read<T>(key: LedgerKey, schema: ZodType<T>): Promise<LedgerRow<T> | undefined>;
  /** All rows of a partition whose name begins with `prefix`, by name. */
  list<T>(
    partition: string,
    prefix: string,
    schema: ZodType<T>,
  ): Promise<readonly (LedgerRow<T> & { readonly key: LedgerKey })[]>;
  /**
   * Writes the row if its revision is still `rev` (0: it must not exist) and answers whether it did. A row with `dueAt` (milliseconds) is
   * found by `due`; written without, it is not.
   */
  write(key: LedgerKey, value: Readonly<Record<string, unknown>>, rev: number, dueAt?: number): Promise<boolean>;
  remove(key: LedgerKey, rev: number): Promise<boolean>;
  /** Keys of rows that were due by `now`, the oldest first. May lag behind the rows: read the row before acting on it. */
  due(now: number, limit: number): Promise<readonly LedgerKey[]>;
};

export type LedgerKey = { readonly partition: string; readonly row: string };
/** `rev` is no count: a ledger uses no revision of a row twice, not even after the row was removed and written anew. */
export type LedgerRow<T> = { readonly value: T; readonly rev: number };
