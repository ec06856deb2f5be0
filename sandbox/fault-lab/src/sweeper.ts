import { startAt, timeouts, type Ground } from './ground.ts';
import { minute } from './lab-config.ts';

type Sweep = {
  readonly run: () => Promise<unknown>;
  /** Some row is due still. */
  readonly isDue: () => boolean;
};

const everyMs = 5 * minute;

/** The sweep of every five minutes; one that would find nothing due is left out. */
export function newSweeper({ scheduler, now, ended }: Ground, { run, isDue }: Sweep) {
  const planned = new Set<number>();

  function sweep(): void {
    scheduler.start('sweep', timeouts.sweep, run, (end) => {
      ended(end);
      if (isDue()) sweepAt(now());
    });
  }

  function sweepAt(time: number): void {
    const at = Math.ceil((Math.max(time, now() + 1) - startAt) / everyMs) * everyMs + startAt;
    if (planned.has(at)) return;
    planned.add(at);
    scheduler.at(at, () => {
      planned.delete(at);
      sweep();
    });
  }

  return { at: sweepAt, now: sweep };
}
