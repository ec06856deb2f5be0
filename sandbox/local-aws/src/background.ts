import { setTimeout as wait } from 'node:timers/promises';

/** What runs beside the requests. Real time; what is due is decided by the clock. */
export type Background = {
  /** Runs the task every so many milliseconds, and again only after it ended. */
  every(ms: number, task: () => Promise<void> | void): void;
  /** Runs the task now. Its failure is a bug of local-aws, and is reported. */
  run(task: () => Promise<void>): void;
  /** How many tasks are under way that were run once. */
  pending(): number;
  /** Resolves after so many milliseconds; rejects, once closed. */
  sleep(ms: number): Promise<void>;
  /** Aborted when everything ends. */
  readonly signal: AbortSignal;
  /** Ends every sleep and waits a moment for tasks that are under way. */
  close(): Promise<void>;
};

export function background(onBug: (error: unknown) => void): Background {
  const controller = new AbortController();
  const { signal } = controller;
  const running = new Set<Promise<void>>();
  let loops = 0;

  const run = (task: () => Promise<void>) => {
    if (signal.aborted) return;
    const done = task().catch((error: unknown) => {
      if (!signal.aborted) onBug(error);
    });
    const tracked = done.finally(() => running.delete(tracked));
    running.add(tracked);
  };
  const sleep = (ms: number) => wait(ms, undefined, { signal });

  return {
    run,
    sleep,
    signal,
    pending: () => running.size - loops,
    every(ms, task) {
      loops += 1;
      run(async () => {
        while (!signal.aborted) {
          await task();
          await sleep(ms);
        }
      });
    },
    async close() {
      controller.abort();
      const timeout = new AbortController();
      await Promise.race([Promise.all(running), wait(2000, undefined, { signal: timeout.signal }).catch(() => {})]);
      timeout.abort();
    },
  };
}
