/** Rejects when the caller gives up. What it waited for goes on, for the others. */
export const abortable = <T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  signal === undefined
    ? promise
    : new Promise((resolve, reject) => {
        const stop = () => reject(signal.reason);
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
        promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
      });
