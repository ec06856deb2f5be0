/** How a process ended. `crashed`: it died between two calls, and nothing of it, no `catch` and no `finally`, runs any more. */
export type Ended<T> =
  | { readonly how: 'returned'; readonly value: T }
  | { readonly how: 'threw'; readonly error: unknown }
  | { readonly how: 'crashed' };

/** One invocation of a function. */
export type Process = {
  /** The function it is an invocation of. */
  readonly of: string;
  readonly deadline: number;
  alive: boolean;
  /** Who called it and waits for it; undefined: a message, a schedule or AWS did. */
  readonly caller: Process | undefined;
  /** How many of its calls wait for something; more than one where it does several things at once. */
  waits: number;
};

/** Processes take turns: one runs until it gives way or ends, and only then the next one that is ready does. */
export type Processes = {
  current(): Process | undefined;
  /** From now on nobody runs: what happens is done by a person or the world. */
  rest(): void;
  begin<T>(started: Started<T>, ended: (end: Ended<T>) => void): void;
  /** Whoever runs waits; `arrange` sees to it that it is resumed. */
  giveWay<T>(arrange: Arrange<T>): Promise<T>;
  kill(process: Process): void;
  /** Whoever runs dies. What is returned never settles. */
  crash<T>(): Promise<T>;
  /** The next one that is ready runs until it waits or ends. False: nobody is. */
  resumeNext(): Promise<boolean>;
  /** How many did not end yet. */
  alive(): number;
};

type Started<T> = Pick<Process, 'of' | 'deadline'> & {
  readonly caller?: Process;
  readonly run: () => Promise<T>;
};
type Arrange<T> = (resume: (value: T) => void, process: Process) => void;
type Ready = { readonly process: Process; readonly resume: () => void };

export function processes(now: () => number): Processes {
  let running: Process | undefined;
  let quiet: () => void = () => {};
  const ready: Ready[] = [];
  const ends = new Map<Process, (end: Ended<never>) => void>();
  const never = <T>() => new Promise<T>(() => {});

  function finish<T>(process: Process, end: Ended<T>, ended: (end: Ended<T>) => void): void {
    if (!process.alive) return;
    process.alive = false;
    ends.delete(process);
    ended(end);
  }

  function kill(process: Process): void {
    const ended = ends.get(process);
    if (ended !== undefined) finish(process, { how: 'crashed' }, ended);
  }

  const whoRuns = () => somebody(running);

  return {
    current: () => running,
    rest() {
      running = undefined;
    },
    begin({ of, deadline, caller, run }, ended) {
      const process = { of, deadline, caller, alive: true, waits: 0 };
      ends.set(process, ended);
      const resume = () =>
        void ending(run).then((end) => {
          finish(process, end, ended);
          return quiet();
        });
      ready.push({ process, resume });
    },
    giveWay<T>(arrange: Arrange<T>): Promise<T> {
      const process = whoRuns();
      if (!process.alive) return never();
      process.waits += 1;
      return new Promise<T>((resolve) => {
        const resume = (value: T) => {
          process.waits -= 1;
          resolve(value);
        };
        arrange((value) => ready.push({ process, resume: () => resume(value) }), process);
        quiet();
      });
    },
    kill,
    crash() {
      kill(whoRuns());
      quiet();
      return never();
    },
    async resumeNext() {
      const next = ready.shift();
      if (next === undefined) return false;
      const { process, resume } = next;
      if (!process.alive || now() > process.deadline) {
        kill(process);
        return true;
      }
      running = process;
      const { promise: isQuiet, resolve } = Promise.withResolvers<void>();
      quiet = resolve;
      resume();
      // What does several things at once may end one of them, and wait for the others without saying so again.
      await (process.waits > 0 ? Promise.race([isQuiet, new Promise(setImmediate)]) : isQuiet);
      // What the process does beside what it waits for gets to its own next wait.
      for (let hop = 0; hop < 4; hop += 1) await Promise.resolve();
      return true;
    },
    alive: () => ends.size,
  };
}

function ending<T>(run: () => Promise<T>): Promise<Ended<T>> {
  return run().then(
    (value): Ended<T> => ({ how: 'returned', value }),
    (error: unknown): Ended<T> => ({ how: 'threw', error }),
  );
}

function somebody(running: Process | undefined): Process {
  if (running === undefined) throw new Error('Nobody runs');
  return running;
}
