import type { Runtime } from './runtime.ts';

type Timer = { readonly at: number; readonly run: () => void; readonly idle: boolean };

/** A process whose time passes when a test says so. Chance is always 0: no jitter, no backoff. */
export function fakeRuntime(env: Record<string, string | undefined> = {}) {
  const timers = new Set<Timer>();
  let now = Date.UTC(2026, 10, 21);

  const runtime: Runtime = {
    env,
    now: () => now,
    random: () => 0,
    after(ms, run, idle = false) {
      const timer = { at: now + ms, run, idle };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };

  return {
    ...runtime,
    set(time: number) {
      now = time;
    },
    timers: () => [...timers].filter(({ idle }) => idle).length,
    /** Lets `ms` pass, and each timer run at its time. */
    async pass(ms: number): Promise<void> {
      const end = now + ms;
      await turns();
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
        await turns();
      }
      now = end;
      await turns();
    },
  };
}

/** What is ready runs to its end. */
async function turns(): Promise<void> {
  for (let n = 0; n < 200; n++) await Promise.resolve();
}
