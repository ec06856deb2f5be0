/** What the library needs of the process it runs in, so that tests own time, chance and the environment. */
export type Runtime = {
  /** Milliseconds since 1970. The wall clock: a monotonic one stands still while a Lambda environment is frozen. */
  readonly now: () => number;
  /** From 0 (included) to 1. */
  readonly random: () => number;
  /** Runs once after `ms`; returns what cancels it. `idle`: it does not keep the process alive. */
  readonly after: (ms: number, run: () => void, idle?: boolean) => () => void;
  env: Record<string, string | undefined>;
};

export const processRuntime: Runtime = {
  now: Date.now,
  random: Math.random,
  after(ms, run, idle) {
    const timer = setTimeout(run, ms);
    if (idle) timer.unref();
    return () => clearTimeout(timer);
  },
  env: process.env,
};

/** Of an event. */
export const newId = (): string => crypto.randomUUID();

/** HTTP for the extension and the agent, which are both on this host. */
export const localFetch: typeof fetch = (...request) => fetch(...request);

export const ignore = (): void => undefined;
