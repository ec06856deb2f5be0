import type { Parse } from './parse-secret.ts';
import type { Held, Slot } from './fetch-secret.ts';
import type { SecretCache } from './secret-cache.ts';
import { SecretError } from './secret-error.ts';
import type { SecretSource } from './secret-source.ts';
import { secretVersion, type SecretVersion } from './secret-version.ts';
import { ignore } from './runtime.ts';
import { useSecret, type Use, type UseOptions } from './use-secret.ts';

export type GetOptions = {
  /** Nothing older than this, in milliseconds; then a failure is an error even where a stale version could be had. */
  readonly maxAgeMs?: number;
  /** Whom to ask, should it have to be asked for. Default: the source of `createSecrets`. */
  readonly from?: Pick<SecretSource, 'get'>;
};

export type RefreshOptions = {
  /** Ask only if this version is still the one held: another caller may have refreshed already. */
  readonly ifVersionId?: string | undefined;
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
  use<R>(fn: Use<T, R>, options?: UseOptions<T>): Promise<Awaited<R>>;
  /** Called after each change of the version, in order: to rebuild a pool. Stops when what is returned is disposed of. */
  onRotate(changed: (next: SecretVersion<T>, previous: SecretVersion<T>) => void | Promise<void>): Disposable;
};

export function secretHandle<T>(cache: SecretCache, at: Slot, parse: Parse<T>): SecretHandle<T> {
  const { secretId, stage = '' } = at;
  const { isFresh, report, watchers } = cache;
  let from: Held | undefined;
  let made: SecretVersion<T> | Promise<SecretVersion<T>>;
  /** The last good one. */
  let last: SecretVersion<T> | undefined;
  /** The value of `from`, so that `get` makes nothing. Undefined for bytes, of which each reader has a copy. */
  let ready: Promise<T> | undefined;

  /** Parsed once for each version; at once, unless a schema takes its time. */
  function read(held: Held): SecretVersion<T> | Promise<SecretVersion<T>> {
    if (held === from) return made;
    from = held;
    ready = undefined;
    made = make(held);
    // Whoever reads is told; a look of `peek` is not.
    Promise.resolve(made).catch(ignore);
    return made;
  }

  function make(held: Held): SecretVersion<T> | Promise<SecretVersion<T>> {
    const { versionId } = held;
    const keep = (value: T): SecretVersion<T> => {
      const version = secretVersion(value, held, stage);
      // A schema may have taken longer than the next version.
      if (held !== from) return version;
      ready = value instanceof Uint8Array ? undefined : Promise.resolve(value);
      return (last = version);
    };
    /** A new version that does not fit is told, and thrown only where there is no good one. */
    const refuse = (thrown: unknown): SecretVersion<T> | Promise<never> => {
      // What a schema throws of itself may quote the value.
      const error = thrown instanceof SecretError ? thrown : new SecretError('VALIDATION', secretId);
      report('invalid', secretId, { versionId, code: error.code });
      return last ?? Promise.reject(error);
    };
    try {
      const value = last?.versionId === versionId ? last.value : parse(held);
      return value instanceof Promise ? value.then(keep, refuse) : keep(value);
    } catch (thrown) {
      return refuse(thrown);
    }
  }

  const version = async (options?: GetOptions): Promise<SecretVersion<T>> =>
    read(await cache.load(at, options?.maxAgeMs, options?.from));

  const refresh = async (options?: RefreshOptions): Promise<SecretVersion<T>> =>
    read(await cache.refresh(at, options?.ifVersionId));

  return {
    secretId,
    // The way of nearly every call: one look at the clock, and nothing made.
    get: (options) =>
      !options && ready && from && from === at.cell.held && isFresh(from)
        ? ready
        : version(options).then(({ value }) => value),
    version,
    refresh,
    peek() {
      // Another handle may have read a newer one; `get` tells if something is wrong with it.
      if (at.cell.held) void read(at.cell.held);
      return last;
    },
    use: (fn, options) => useSecret({ secretId, version, refresh }, report, fn, options),
    onRotate(changed) {
      let told = last;
      let queue = Promise.resolve();
      const watcher = () => {
        const { held } = at.cell;
        // What stood here at the moment of the change, for who began to watch before the first read.
        told ??= last;
        const look = async (): Promise<void> => {
          const previous = told;
          if (held) told = await read(held);
          if (previous && told && told.versionId !== previous.versionId) await changed(told, previous);
        };
        return (queue = queue.then(look).catch(() => report('callback-failed', secretId)));
      };
      watchers.add(watcher);
      return { [Symbol.dispose]: () => void watchers.delete(watcher) };
    },
  };
}
