import { abortable } from './abortable.ts';
import { tell } from './diagnostics.ts';
import { parsedSecret, type ParsePlan } from './parsed-secret.ts';
import { isFresh, type SecretCache } from './secret-cache.ts';
import type { SecretVersion } from './secret-version.ts';
import { useSecret, type Use, type UseOptions } from './use-secret.ts';

export type GetOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Nothing older than this, in milliseconds; then a failure is an error even where a stale version could be had. */
  readonly maxAgeMs?: number;
};

export type RefreshOptions = {
  /** Ask only if this version is still the one held: another caller may have refreshed already. */
  readonly ifVersionId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type SecretHandle<T> = {
  readonly secretId: string;
  /** The value, from memory while it is fresh. JSON is deeply frozen, and the same object for the same version. Rejects with a SecretError. */
  get(options?: GetOptions): Promise<T>;
  version(options?: GetOptions): Promise<SecretVersion<T>>;
  /** What was read last, without a look at its age. Undefined before the first read. */
  peek(): SecretVersion<T> | undefined;
  refresh(options?: RefreshOptions): Promise<SecretVersion<T>>;
  /** Calls `fn`, and once more with a new version where the credential is refused. `fn` makes a new request each time. */
  use<R>(fn: Use<T, R>, options?: UseOptions): Promise<Awaited<R>>;
  /** Called after each change of the version, in order: to rebuild a pool. Stops when what is returned is disposed of. */
  onRotate(changed: (next: SecretVersion<T>, previous: SecretVersion<T>) => void | Promise<void>): Disposable;
};

type Plan<T> = ParsePlan<T> & {
  readonly cache: SecretCache;
  /** See `minForcedRefreshMs`. */
  readonly pauseMs: number;
};

export function secretHandle<T>({ cache, pauseMs, ...plan }: Plan<T>): SecretHandle<T> {
  const { runtime } = cache;
  const { slot } = plan;
  const { secretId } = slot;
  const secret = parsedSecret(plan);

  function get(options?: GetOptions): Promise<T> {
    // The way of nearly every call: one look at the clock, and nothing made.
    const { last } = secret;
    if (!plan.copy && !options && last && last.held === slot.cell.held && isFresh(last.held, runtime.now())) {
      return last.promise;
    }
    return version(options).then(({ value }) => value);
  }

  const version = ({ maxAgeMs, signal }: GetOptions = {}): Promise<SecretVersion<T>> =>
    abortable(cache.load(slot, maxAgeMs).then(secret.read), signal);

  const refresh = ({ ifVersionId, signal }: RefreshOptions = {}): Promise<SecretVersion<T>> =>
    abortable(
      cache.refresh(slot, ifVersionId).then((held) => secret.read({ held, stale: false })),
      signal,
    );

  return {
    secretId,
    get,
    version,
    refresh,
    peek: () => secret.peek(),
    use: (fn, options) =>
      useSecret(
        {
          secretId,
          runtime,
          pauseMs,
          current: (signal) => version({ signal }),
          refresh: (ifVersionId, signal) => refresh({ ifVersionId, signal }),
          async candidate(stage, signal) {
            const other = cache.slot(secretId, undefined, stage);
            const { held } = await abortable(cache.load(other, pauseMs), signal);
            return secret.versionOf(held, await plan.parse(held.raw), other);
          },
        },
        fn,
        options,
      ),
    onRotate(changed) {
      let told = secret.last?.version;
      let queue = Promise.resolve();
      return cache.watch(slot, () => {
        // What stood here at the moment of the change, for who began to watch before the first read.
        const before = secret.last?.version;
        const look = async (): Promise<void> => {
          const previous = told ?? before;
          told = slot.cell.held && (await secret.read({ held: slot.cell.held, stale: false }));
          if (told && previous && told.versionId !== previous.versionId) await changed(told, previous);
        };
        queue = queue.then(look).catch(() => tell('callback-failed', secretId));
        return queue;
      });
    },
  };
}
