import type { Runtime } from './runtime.ts';
import { SecretError } from './secret-error.ts';

/** Runs `fetch` until its signal aborts, after `ms`; then it is a SecretError, whether it heeds the signal or not. */
export const within = <T>(
  runtime: Runtime,
  ms: number,
  secretId: string,
  fetch: (signal: AbortSignal) => Promise<T>,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = new AbortController();
    const stop = () => {
      const error = new SecretError('TIMEOUT', secretId);
      abort.abort(error);
      reject(error);
    };
    fetch(abort.signal).then(resolve, reject).finally(runtime.after(ms, stop));
  });
