import { tell } from './diagnostics.ts';
import type { Held, Slot } from './fetch-secret.ts';
import type { SecretCache } from './secret-cache.ts';
import { SecretError } from './secret-error.ts';
import type { RawSecret, SecretSource } from './secret-source.ts';
import { secretVersion, type SecretVersion } from './secret-version.ts';
import { useSecret, type Use, type UseOptions } from './use-secret.ts';
import { abortable, ignore } from './within.ts';

export type GetOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Nothing older than this, in milliseconds; then a failure is an error even where a stale version could be had. */
  readonly maxAgeMs?: number;
  /** Whom to ask, should it have to be asked for. Default: the source of `createSecrets`. */
  readonly from?: SecretSource['get'];
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
  use<R>(fn: Use<T, R>, options?: UseOptions<T>): Promise<Awaited<R>>;
  /** Called after each change of the version, in order: to rebuild a pool. Stops when what is returned is disposed of. */
  onRotate(changed: (next: SecretVersion<T>, previous: SecretVersion<T>) => void | Promise<void>): Disposable;
};

/** What a handle makes of what is held. */
type Parsed<T> = {
  readonly held: Held;
  readonly version: SecretVersion<T>;
  /** Undefined for bytes, of which each reader has a copy. */
  readonly promise: Promise<T> | undefined;
};

export function secretHandle<T>(
  cache: SecretCache,
  at: Slot,
  parse: (raw: RawSecret) => T | Promise<T>,
): SecretHandle<T> {
  const { secretId, stage, watchers } = at;
  let last: Parsed<T> | undefined;
  let refused: string | undefined;

  /** Parsed once for each version; at once, unless a schema takes its time. */
  function read(held: Held): Parsed<T> | Promise<Parsed<T>> {
    const { versionId } = held.raw;
    const keep = (value: T): Parsed<T> =>
      last && last.held.started > held.started
        ? last
        : (last = {
            held,
            version: secretVersion(value, held, stage),
            promise: value instanceof Uint8Array ? undefined : Promise.resolve(value),
          });
    /** A new version that does not fit is told, and thrown only where there is no good one. */
    const refuse = (thrown: unknown): Parsed<T> | Promise<never> => {
      // What a schema throws of itself may quote the value.
      const error = thrown instanceof SecretError ? thrown : new SecretError('VALIDATION', secretId);
      if (refused !== versionId) tell('invalid', secretId, { versionId, code: error.code });
      refused = versionId;
      return last ?? Promise.reject(error);
    };
    if (last?.held === held) return last;
    if (last?.version.versionId === versionId) return keep(last.version.value);
    try {
      const value = parse(held.raw);
      return value instanceof Promise ? value.then(keep, refuse) : keep(value);
    } catch (thrown) {
      return refuse(thrown);
    }
  }

  const versionOf = async (held: Promise<Held>) => (await read(await held)).version;

  const version = ({ maxAgeMs, signal, from }: GetOptions = {}): Promise<SecretVersion<T>> =>
    abortable(versionOf(cache.load(at, maxAgeMs, from)), signal);

  const refresh = ({ ifVersionId, signal }: RefreshOptions = {}): Promise<SecretVersion<T>> =>
    abortable(versionOf(cache.refresh(at, ifVersionId)), signal);

  return {
    secretId,
    // The way of nearly every call: one look at the clock, and nothing made.
    get: (options) =>
      !options && last?.promise && last.held === at.cell.held && cache.isFresh(last.held)
        ? last.promise
        : version(options).then(({ value }) => value),
    version,
    refresh,
    peek() {
      const { held } = at.cell;
      // Another handle may have read a newer one; `get` tells if something is wrong with it.
      if (held && held !== last?.held) Promise.resolve(read(held)).catch(ignore);
      return last?.version;
    },
    use: (fn, options) => useSecret({ secretId, version, refresh }, fn, options),
    onRotate(changed) {
      let told = last?.version;
      let queue = Promise.resolve();
      const watcher = (held: Held) => {
        // What stood here at the moment of the change, for who began to watch before the first read.
        told ??= last?.version;
        const look = async (): Promise<void> => {
          const previous = told;
          told = (await read(held)).version;
          if (previous && told.versionId !== previous.versionId) await changed(told, previous);
        };
        return (queue = queue.then(look).catch(() => tell('callback-failed', secretId)));
      };
      watchers.add(watcher);
      return { [Symbol.dispose]: () => void watchers.delete(watcher) };
    },
  };
}
