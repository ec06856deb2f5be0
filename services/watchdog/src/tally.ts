import type { Log } from '@keyturn/lambda/log';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';

/** Of one run: what failed, and what of it nobody foresaw. */
export type Tally = {
  readonly failures: number;
  /** Of what is no managed secret. */
  readonly overdue: number;
  /** undefined: it failed, which is counted and logged. */
  attempt<T>(what: string, run: () => Promise<T>): Promise<T | undefined>;
  failed(error: unknown): void;
  foundOverdue(): void;
  /** Throws what nobody foresaw, if there was any. */
  throwFaults(): void;
};

export function tally(log: Log): Tally {
  const faults: unknown[] = [];
  let failures = 0;
  let overdue = 0;
  const failed = (error: unknown) => {
    failures += 1;
    const foreseen = [TransientError, PendingError, PermanentError].some((known) => error instanceof known);
    if (!foreseen) faults.push(error);
  };
  return {
    get failures() {
      return failures;
    },
    get overdue() {
      return overdue;
    },
    async attempt(what, run) {
      try {
        return await run();
      } catch (error) {
        log.error('One of many could not be watched', { what, error });
        failed(error);
        return undefined;
      }
    },
    failed,
    foundOverdue: () => void (overdue += 1),
    throwFaults() {
      if (faults.length === 0) return;
      throw new AggregateError(faults, `${faults.length} of ${failures} failures were such as nobody foresaw`);
    },
  };
}
