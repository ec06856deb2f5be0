import { refreshMs, staleOnErrorMs } from './lab-config.ts';

type Reader<Held> = { readonly offsetMs: number; held: Held | undefined; readAt: number };

/**
 * Applications that keep what they read for an hour, each from another time on, and while Secrets Manager does not answer for half an hour more. They are
 * looked at before anything changes: since the last look nothing has, so what they read in between is what is current now.
 */
export function readers<Held>(now: () => number, isSecretsManagerDown: () => boolean) {
  const all: Reader<Held>[] = [0, 0.25, 0.5, 0.75].map((part) => {
    return { offsetMs: part * refreshMs, held: undefined, readAt: -Infinity };
  });
  return {
    read(current: Held | undefined): void {
      for (const reader of all) {
        const last = Math.floor((now() - reader.offsetMs) / refreshMs) * refreshMs + reader.offsetMs;
        if (reader.held !== undefined && (last <= reader.readAt || isSecretsManagerDown())) continue;
        reader.readAt = last;
        reader.held = current;
      }
    },
    /** What they use. One who got no answer for too long uses nothing any more. */
    inUse: (): readonly Held[] =>
      all.flatMap(({ held, readAt }) =>
        held === undefined || now() > readAt + refreshMs + staleOnErrorMs ? [] : [held],
      ),
  };
}
