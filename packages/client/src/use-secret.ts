import { abortable } from './abortable.ts';
import { isAuthFailure, type Outcome } from './auth-failure.ts';
import { tell } from './diagnostics.ts';
import type { Runtime } from './runtime.ts';
import { ignore } from './fetch-secret.ts';
import { isObject } from './secret-error.ts';
import type { Stage } from './secret-source.ts';
import type { SecretVersion } from './secret-version.ts';

export type UseContext = {
  /** 1, then 2 and so on: never twice with the same version. */
  readonly attempt: number;
  readonly versionId: string;
  readonly signal: AbortSignal;
};

export type UseOptions = {
  /** What counts as a refused credential. Default: 401 and 403, thrown or returned, and the logins that databases refuse. */
  readonly isAuthFailure?: (outcome: Outcome) => boolean;
  /** Stages to try where `AWSCURRENT` is unchanged, such as `['AWSPENDING']`: for rotations that set the new key before they switch. */
  readonly candidates?: readonly Stage[];
  /** How long to go on looking for a new version after a refusal, in milliseconds. Default 0: one retry at most. */
  readonly windowMs?: number;
  readonly signal?: AbortSignal;
};

export type Use<T, R> = (value: T, context: UseContext) => R;

type Versions<T> = {
  readonly secretId: string;
  readonly runtime: Runtime;
  /** At most how often a refusal asks Secrets Manager, in milliseconds. */
  readonly pauseMs: number;
  current(signal: AbortSignal | undefined): Promise<SecretVersion<T>>;
  refresh(failed: string, signal: AbortSignal | undefined): Promise<SecretVersion<T>>;
  candidate(stage: Stage, signal: AbortSignal | undefined): Promise<SecretVersion<T>>;
};

/** Of a caller that never gives up. */
const never = new AbortController().signal;

/**
 * Calls `fn` with the secret; where the credential is refused, once more with another version, if there is one. What ends otherwise, and what no other
 * version makes better, is returned or thrown as it was.
 */
export async function useSecret<T, R>(
  { secretId, runtime, pauseMs, ...versions }: Versions<T>,
  fn: Use<T, R>,
  options: UseOptions = {},
): Promise<Awaited<R>> {
  const { candidates = [], windowMs = 0, signal } = options;
  const isRefused = options.isAuthFailure ?? isAuthFailure;
  const tried = new Set<string>();
  let version = await versions.current(signal);
  const deadline = runtime.now() + windowMs;

  for (;;) {
    const { value, versionId } = version;
    tried.add(versionId);
    const outcome = await outcomeOf(() => fn(value, { attempt: tried.size, versionId, signal: signal ?? never }));
    const next = isRefused(outcome) && (windowMs || tried.size < 2) ? await otherThan(versionId) : undefined;
    if (!next) {
      if ('error' in outcome) throw outcome.error;
      return outcome.result;
    }
    discard(outcome);
    version = next;
    tell('auth-retry', secretId, { versionId: next.versionId });
  }

  /** A version that was not tried yet. Where none can be had, the refusal is a better answer than our own trouble. */
  async function otherThan(failed: string): Promise<SecretVersion<T> | undefined> {
    for (;;) {
      for (const stage of [undefined, ...candidates]) {
        const look = stage ? versions.candidate(stage, signal) : versions.refresh(failed, signal);
        const found = await look.catch(ignore);
        if (found && !tried.has(found.versionId)) return found;
      }
      const leftMs = deadline - runtime.now();
      if (leftMs <= 0 || signal?.aborted) return undefined;
      const pause = new Promise<void>((resolve) => {
        runtime.after(Math.min(leftMs, pauseMs * (1 + runtime.random() / 10)), resolve);
      });
      await abortable(pause, signal).catch(ignore);
    }
  }
}

async function outcomeOf<R>(call: () => R): Promise<{ error: unknown } | { result: Awaited<R> }> {
  try {
    return { result: await call() };
  } catch (error) {
    return { error };
  }
}

/** A body that nobody reads keeps its connection. */
function discard(outcome: Outcome): void {
  const { body } = 'result' in outcome && isObject(outcome.result) ? outcome.result : {};
  if (body instanceof ReadableStream) body.cancel().catch(ignore);
}
