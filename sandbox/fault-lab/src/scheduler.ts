/** How a process ended. `crashed`: it died between two calls, and nothing of it, no `catch` and no `finally`, runs any more. */
export type Ended<T> =
  | { readonly how: 'returned'; readonly value: T }
  | { readonly how: 'threw'; readonly error: unknown }
  | { readonly how: 'crashed' };

/** One invocation of a function. */
export type Process = {
  readonly id: number;
  /** The function it is an invocation of. */
  readonly of: string;
  readonly deadline: number;
  alive: boolean;
};

/**
 * Virtual time, and processes that take turns in it: one runs until it waits, sleeps or ends. Which comes next is decided here and nowhere else, so the
 * same plan gives the same run.
 */
export type Scheduler = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Whoever runs; undefined while nobody does: what a person does, or the world itself. */
  current(): Process | undefined;
  /** At that time, or now where it is past. */
  at(time: number, what: () => void): void;
  /** Starts a process beside whoever runs; `ended` is called by the world. */
  start<T>(of: string, timeoutMs: number, run: () => Promise<T>, ended: (end: Ended<T>) => void): void;
  /** Starts a process and waits for its end, which is how a function calls another one. */
  call<T>(of: string, timeoutMs: number, run: () => Promise<T>): Promise<Ended<T>>;
  /** Of whoever runs. Beyond its deadline nobody wakes up. */
  sleep(ms: number): Promise<void>;
  /** What a call of whoever runs takes, where calls take time: others go on meanwhile. */
  travel(): Promise<void>;
  /** Whoever runs dies. What is returned never settles. */
  crash<T>(): Promise<T>;
  /** How many processes did not end yet. */
  alive(): number;
  /** Everything up to that time. */
  runUntil(time: number): Promise<void>;
};

export type SchedulerOptions = {
  readonly startAt: number;
  /** How long the next call takes, in milliseconds. Unless given, calls take no time, and nobody comes in between. */
  readonly latency?: (() => number) | undefined;
};

type Ready = { readonly process: Process; readonly resume: () => void };
type Timer = { readonly time: number; readonly order: number; readonly what: () => void };

export function scheduler({ startAt, latency }: SchedulerOptions): Scheduler {
  let now = startAt;
  let ids = 0;
  let running: Process | undefined;
  let quiet: () => void = () => {};
  const ready: Ready[] = [];
  const timers = timerHeap();
  const ends = new Map<Process, (end: Ended<never>) => void>();

  const never = <T>() => new Promise<T>(() => {});
  const whoRuns = (): Process => {
    if (running === undefined) throw new Error('Nobody runs');
    return running;
  };
  const isOver = (process: Process) => !process.alive || now > process.deadline;

  function kill(process: Process): void {
    if (!process.alive) return;
    process.alive = false;
    const ended = ends.get(process);
    ends.delete(process);
    ended?.({ how: 'crashed' });
  }

  /** Whoever runs gives way; `arrange` sees to it that it is resumed. */
  function giveWay<T>(arrange: (resume: (value: T) => void, process: Process) => void): Promise<T> {
    const process = whoRuns();
    if (!process.alive) return never();
    return new Promise<T>((resolve) => {
      arrange((value) => ready.push({ process, resume: () => resolve(value) }), process);
      quiet();
    });
  }

  function begin<T>(of: string, timeoutMs: number, run: () => Promise<T>, ended: (end: Ended<T>) => void): void {
    const process: Process = { id: (ids += 1), of, deadline: now + timeoutMs, alive: true };
    ends.set(process, ended);
    const end = (how: Ended<T>) => {
      if (!process.alive) return;
      process.alive = false;
      ends.delete(process);
      ended(how);
      quiet();
    };
    const resume = () => {
      run().then(
        (value) => end({ how: 'returned', value }),
        (error: unknown) => end({ how: 'threw', error }),
      );
    };
    ready.push({ process, resume });
  }

  async function resumeNext(): Promise<void> {
    const next = ready.shift();
    if (next === undefined) return;
    if (isOver(next.process)) {
      kill(next.process);
      return;
    }
    running = next.process;
    const done = new Promise<void>((resolve) => {
      quiet = resolve;
    });
    next.resume();
    await done;
    // What the process began beside what it waits for gets to its own next wait.
    for (let hop = 0; hop < 4; hop += 1) await undefined;
  }

  const sleep = (ms: number) =>
    giveWay<void>((resume, process) => {
      const wakeAt = now + Math.max(0, ms);
      if (wakeAt <= process.deadline) timers.push(wakeAt, () => resume());
      else timers.push(process.deadline, () => kill(process));
    });

  return {
    now: () => now,
    current: () => running,
    at: (time, what) => timers.push(Math.max(time, now), what),
    start: begin,
    call: (of, timeoutMs, run) =>
      giveWay((resume) => {
        begin(of, timeoutMs, run, resume);
      }),
    sleep,
    travel: () => (latency === undefined ? Promise.resolve() : sleep(latency())),
    crash() {
      kill(whoRuns());
      quiet();
      return never();
    },
    alive: () => ends.size,
    async runUntil(time) {
      for (;;) {
        if (ready.length > 0) {
          await resumeNext();
          continue;
        }
        const timer = timers.pop(time);
        if (timer === undefined) break;
        now = timer.time;
        running = undefined;
        timer.what();
      }
      now = Math.max(now, time);
    },
  };
}

/** By time, and by order where times are the same. */
function timerHeap() {
  const sorted: Timer[] = [];
  let order = 0;
  return {
    push(time: number, what: () => void): void {
      const timer = { time, order: (order += 1), what };
      let low = 0;
      let high = sorted.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        // The next one stands last.
        if ((sorted[middle]?.time ?? 0) > time) low = middle + 1;
        else high = middle;
      }
      sorted.splice(low, 0, timer);
    },
    pop(until: number): Timer | undefined {
      const next = sorted.at(-1);
      return next === undefined || next.time > until ? undefined : sorted.pop();
    },
  };
}
