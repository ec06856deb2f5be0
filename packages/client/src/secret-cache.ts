import { tell } from './diagnostics.ts';
import { secretFetches, type FetchSettings, type Flight, type Held, type Slot } from './fetch-secret.ts';
import type { SecretSource } from './secret-source.ts';
import { secretError } from './secret-error.ts';

type CacheSettings = FetchSettings & { readonly staleIfErrorMs: number; readonly minForcedRefreshMs: number };
export type SecretCache = ReturnType<typeof secretCache>;

export function secretCache(settings: CacheSettings) {
  const { staleIfErrorMs, minForcedRefreshMs } = settings;
  const { now } = settings.runtime;
  const fetches = secretFetches(settings);
  const { ask } = fetches;

  const underway = ({ cell: { flight } }: Slot): Flight | undefined =>
    flight && now() <= flight.until ? flight : undefined;

  /** A clock that was set back does not make a version young again. */
  const isFresh = ({ startedAt, freshUntil }: Held, maxAgeMs = Infinity): boolean => {
    const time = now();
    return time < freshUntil && time >= startedAt && time - startedAt <= maxAgeMs;
  };

  /** The version to use now. Throws a SecretError. `maxAgeMs`: nothing older than that, even where Secrets Manager does not answer. */
  async function load(at: Slot, maxAgeMs?: number, from?: SecretSource['get']): Promise<Held> {
    const { held } = at.cell;
    if (held && isFresh(held, maxAgeMs)) return held;
    const lasting = () => {
      const { held } = at.cell;
      return maxAgeMs === undefined && held && now() < held.freshUntil + staleIfErrorMs ? held : undefined;
    };
    let old = lasting();
    try {
      if (!old || now() >= old.retryAt) return await (underway(at) ?? ask(at, false, from)).promise;
    } catch (error) {
      old = lasting();
      if (!old || !secretError(error, '').retryable) throw error;
    }
    tell('stale', at.secretId, { versionId: old.raw.versionId });
    return { ...old, stale: true };
  }

  /** Asks again. What was asked for in this turn is new enough. */
  const renew = (at: Slot): Promise<Held> => (at.cell.flight?.leaving ? at.cell.flight : ask(at, true)).promise;

  /** Asks again, if the failed version is still the one held, and not more often than `minForcedRefreshMs`. */
  async function renewFailed(at: Slot, failed: string): Promise<Held> {
    for (let isFirst = true; ; isFirst = false) {
      const { cell } = at;
      const { held, forcedAt } = cell;
      const flight = underway(at);
      const waits = !flight && now() >= forcedAt && now() < forcedAt + minForcedRefreshMs;
      if (held && (waits || held.raw.versionId !== failed)) return held;
      if (!flight) cell.forcedAt = now();
      const answer = await (flight ?? ask(at, true)).promise;
      // One that was on its way before may tell of the time before.
      if (!flight || !isFirst || answer.raw.versionId !== failed) return answer;
    }
  }

  return {
    ...fetches,
    load,
    isFresh,
    refresh: (at: Slot, failed?: string) => (failed === undefined ? renew(at) : renewFailed(at, failed)),
  };
}
