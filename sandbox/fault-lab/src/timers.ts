type Timer = { readonly time: number; readonly what: () => void };

export type Timers = {
  push(time: number, what: () => void): void;
  /** The next one that is due by then. */
  pop(until: number): Timer | undefined;
};

/** By time; of the same time the one that was set first. */
export function timers(): Timers {
  // The next one stands last.
  const sorted: Timer[] = [];
  return {
    push(time, what) {
      let low = 0;
      let high = sorted.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((sorted[middle]?.time ?? 0) > time) low = middle + 1;
        else high = middle;
      }
      sorted.splice(low, 0, { time, what });
    },
    pop(until) {
      const next = sorted.at(-1);
      return next === undefined || next.time > until ? undefined : sorted.pop();
    },
  };
}
