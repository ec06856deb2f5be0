import type { Runtime } from './runtime.ts';
import { SecretError } from './secret-error.ts';

/** Rejects when the caller gives up. What it waited for goes on, for the others. */
export const abortable = <T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  signal
    ? new Promise((resolve, reject) => {
        const stop = () => reject(signal.reason);
        signal.addEventListener('abort', stop);
        if (signal.aborted) stop();
        promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
      })
    : promise;

/** Runs `fetch` until its signal aborts, after `ms`; then it is a SecretError, whether it heeds the signal or not. */
export function within<T>(
  runtime: Runtime,
  ms: number,
  secretId: string,
  fetch: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const { signal } = abort;
  return abortable(fetch(signal), signal).finally(
    runtime.after(ms, () => abort.abort(new SecretError('TIMEOUT', secretId))),
  );
}

export const ignore = (): void => undefined;
