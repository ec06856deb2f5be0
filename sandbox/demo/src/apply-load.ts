import { fork } from 'node:child_process';

import { loadReport, type LoadOptions, type LoadReport } from './load.ts';

export type Load = {
  /** The latest count. */
  report(): LoadReport;
  /** Ends the process and answers the last count. Rejects if it died before. */
  stop(): Promise<LoadReport>;
  /** Ends it at once, if it still runs. */
  kill(): void;
};

/** Starts the load generator in a process of its own. `environment`: how it reaches AWS. */
export function applyLoad(options: LoadOptions, environment: Readonly<Record<string, string>>): Load {
  const child = fork(new URL('load.ts', import.meta.url), [JSON.stringify(options)], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let latest: LoadReport = { requests: 0, failed: 0, failures: {}, failedAt: [], done: false };
  child.on('message', (message) => {
    latest = loadReport.parse(message);
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  return {
    report: () => latest,
    stop: async () => {
      if (child.connected) child.send('stop');
      await exited;
      if (!latest.done) throw new Error('The load generator died before it was told to stop');
      return latest;
    },
    kill: () => void child.kill(),
  };
}
