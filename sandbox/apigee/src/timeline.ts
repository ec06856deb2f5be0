/** The values that one thing had, each from a moment on. It is what lets a node lag behind the truth. */
export type Timeline<T> = {
  readonly first: T;
  readonly value: T;
  set: (value: T, at: number) => void;
  /** The newest value that has arrived somewhere by `now`, when a value takes delayOf(value) to get there; undefined before any has. */
  seen: (now: number, delayOf: (value: T) => number) => T | undefined;
};

export function timeline<T>(first: T, at: number): Timeline<T> {
  const entries = [{ at, value: first }];
  let value = first;
  return {
    first,
    get value() {
      return value;
    },
    set(next, since) {
      if (next === value) {
        return;
      }
      value = next;
      entries.push({ at: since, value: next });
    },
    seen: (now, delayOf) => entries.findLast((entry) => entry.at + delayOf(entry.value) <= now)?.value,
  };
}
