import { processes, type Ended, type Process } from './processes.ts';
import { timers } from './timers.ts';

/** Virtual time, and processes that live in it. Who comes next is decided here and nowhere else, so the same plan gives the same run. */
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

export function scheduler({ startAt, latency }: SchedulerOptions): Scheduler {
  let now = startAt;
  const clock = timers();
  const all = processes(() => now);

  const sleep = (ms: number) =>
    all.giveWay<void>((resume, process) => {
      const wakeAt = now + Math.max(0, ms);
      if (wakeAt <= process.deadline) clock.push(wakeAt, () => resume());
      else clock.push(process.deadline, () => all.kill(process));
    });

  return {
    now: () => now,
    current: () => all.current(),
    at: (time, what) => clock.push(Math.max(time, now), what),
    start: (of, timeoutMs, run, ended) => all.begin({ of, deadline: now + timeoutMs, run }, ended),
    call: (of, timeoutMs, run) =>
      all.giveWay((resume, caller) => all.begin({ of, deadline: now + timeoutMs, caller, run }, resume)),
    sleep,
    travel: () => (latency === undefined ? Promise.resolve() : sleep(latency())),
    crash: () => all.crash(),
    alive: () => all.alive(),
    async runUntil(time) {
      for (;;) {
        while (await all.resumeNext());
        const timer = clock.pop(time);
        if (timer === undefined) break;
        now = timer.time;
        all.rest();
        timer.what();
      }
      now = Math.max(now, time);
    },
  };
}
