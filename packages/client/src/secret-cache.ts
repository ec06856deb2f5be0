import { tell } from './diagnostics.ts';
import { secretFetches, type FetchSettings } from './fetch-secret.ts';
import { secretCells, type Held, type Slot } from './secret-cells.ts';
import { secretError } from './secret-error.ts';
import type { RawSecret } from './secret-source.ts';

export type CacheSettings = FetchSettings & { readonly staleIfErrorMs: number; readonly minForcedRefreshMs: number };
export type Loaded = { readonly held: Held; readonly stale: boolean };
export type SecretCache = ReturnType<typeof secretCache>;

export function secretCache(settings: CacheSettings) {
  const { runtime, staleIfErrorMs, minForcedRefreshMs } = settings;
  const { slot, slots, merge } = secretCells();
  const fetches = secretFetches(settings, merge);
  const { ask, last, underway } = fetches;

  /** The version to use now. Throws a SecretError. `maxAgeMs`: nothing older than that, even where Secrets Manager does not answer. */
  async function load(at: Slot, maxAgeMs?: number): Promise<Loaded> {
    const { held, retryAt } = at.cell;
    const mayHide = () =>
      maxAgeMs === undefined && at.cell.held && runtime.now() < at.cell.held.freshUntil + staleIfErrorMs;
    try {
      if (held && isFresh(held, runtime.now(), maxAgeMs)) return { held, stale: false };
      if (!mayHide() || runtime.now() >= retryAt)
        return { held: await (underway(at) ?? ask(at)).promise, stale: false };
    } catch (error) {
      if (!mayHide() || !secretError(error, at.secretId).retryable) throw error;
    }
    const old = at.cell.held;
    if (!old) return load(at, 0);
    tell('stale', at.secretId, { versionId: old.raw.versionId });
    return { held: old, stale: true };
  }

  /** Asks again. What was asked for in this turn is new enough. */
  const refresh = (at: Slot): Promise<Held> => (at.cell.flight?.leaving ? at.cell.flight : ask(at, true)).promise;

  /** Asks again, if the failed version is still the one held, and not more often than `minForcedRefreshMs`. */
  async function refreshFailed(at: Slot, failed: string): Promise<Held> {
    const asked = last();
    for (;;) {
      const { held, forcedAt } = at.cell;
      if (held && held.raw.versionId !== failed) return held;
      const flight = underway(at);
      if (!flight && held && isWithin(minForcedRefreshMs, forcedAt)) return held;
      if (!flight) at.cell.forcedAt = runtime.now();
      const { started, promise } = flight ?? ask(at, true);
      const answer = await promise;
      // One that was on its way before may tell of the time before.
      if (started > asked || answer.raw.versionId !== failed) return answer;
    }
  }

  const isWithin = (ms: number, since: number): boolean => runtime.now() >= since && runtime.now() < since + ms;

  return {
    slot,
    load,
    refresh: (at: Slot, failed?: string) => (failed === undefined ? refresh(at) : refreshFailed(at, failed)),
    askMany: (wanted: readonly Slot[]) => fetches.askMany(wanted),
    settled: () => fetches.settled(),
    runtime,
    /** Told of each change of the version. */
    watch(at: Slot, watcher: () => Promise<void>): Disposable {
      at.cell.watchers.add(watcher);
      return { [Symbol.dispose]: () => void at.cell.watchers.delete(watcher) };
    },
    /** Asks again for what is named. What cannot be had is expired. What was never read needs nothing: it will be read as it is then. */
    async renew(isNamed: IsNamed): Promise<boolean> {
      const named = slots().filter((at) => isNamed(at, at.cell.held?.raw));
      const read = named.filter(({ cell, versionId }) => !versionId && (cell.held || cell.flight));
      const renewed = read.map((at) =>
        refresh(at).catch(() => {
          const { cell } = at;
          if (cell.held) cell.held = { ...cell.held, freshUntil: 0 };
        }),
      );
      await Promise.all(renewed);
      return named.length > 0;
    },
  };
}

/** Whether a secret, as the application wrote it and as Secrets Manager answered, is the one that is meant. */
export type IsNamed = (
  written: Pick<Slot, 'secretId' | 'stage'>,
  answer: Pick<RawSecret, 'arn' | 'name' | 'versionId'> | undefined,
) => boolean;

/** A clock that was set back does not make a version young again. */
export const isFresh = ({ fetchedAt, freshUntil }: Held, now: number, maxAgeMs = Infinity): boolean =>
  now < freshUntil && now >= fetchedAt && now - fetchedAt <= maxAgeMs;
