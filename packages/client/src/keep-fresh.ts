import { ignore, processRuntime, type Runtime } from './runtime.ts';
import type { SecretHandle } from './secret-handle.ts';

export type KeepFreshOptions = {
  /** How often each secret is asked for, in milliseconds. Default 60,000. */
  readonly everyMs?: number;
  readonly runtime?: Runtime;
};

/**
 * For processes that stay: asks for secrets again and again, so that `peek` and `onRotate` hear of a rotation although nobody reads. A failure is
 * told on the diagnostics channel, and what is held stays. Does nothing in Lambda, whose environments are frozen between two invocations.
 */
export function keepFresh(
  handles: readonly SecretHandle<unknown>[],
  { everyMs = 60_000, runtime = processRuntime }: KeepFreshOptions = {},
): Disposable {
  let stopped = runtime.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined;
  let cancel = ignore;

  const wait = (): void => {
    // Not all that started together ask together.
    if (!stopped) cancel = runtime.after(everyMs * (1 - runtime.random() / 5), look, true);
  };
  const look = (): void => {
    const asked = handles.map((handle) => handle.version({ maxAgeMs: everyMs / 2 }));
    Promise.allSettled(asked).then(wait, wait);
  };
  wait();
  return {
    [Symbol.dispose]() {
      stopped = true;
      cancel();
    },
  };
}
