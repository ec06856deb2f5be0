import type { SeenKey } from './gateway-node.ts';

/** How many calls with one key were accepted in one minute. */
export type CallCount = { minute: number; key: SeenKey; calls: number };
export type Analytics = {
  environments: readonly string[];
  /** Whether who calls the management API may read them. */
  allowed: boolean;
  /** Every call that shows by now. */
  counts: () => readonly CallCount[];
};
export type CallLog = { add: (key: SeenKey) => void; counts: () => readonly CallCount[] };

const minuteMs = 60_000;

/**
 * What the gateway tells the analytics, each call only lagMs after it. Apigee counts refused calls, too, but not as those of a key that it
 * does not know; here the accepted ones count.
 */
export function callLog(now: () => number, lagMs: number): CallLog {
  const waiting: { at: number; key: SeenKey }[] = [];
  const shown = new Map<string, CallCount>();

  function settle(): void {
    const late = waiting.findIndex(({ at }) => at + lagMs > now());
    for (const { at, key } of waiting.splice(0, late < 0 ? waiting.length : late)) {
      const minute = Math.floor(at / minuteMs) * minuteMs;
      // One key id can have been in several apps, one after the other.
      const id = `${minute} ${key.app.appId} ${key.consumerKey}`;
      const count = shown.get(id) ?? { minute, key, calls: 0 };
      count.calls += 1;
      shown.set(id, count);
    }
  }

  return {
    add(key) {
      waiting.push({ at: now(), key });
      settle();
    },
    counts() {
      settle();
      return [...shown.values()];
    },
  };
}
