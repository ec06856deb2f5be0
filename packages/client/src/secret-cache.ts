import { secretFetches, type FetchSettings, type Flight, type Held, type Slot } from './fetch-secret.ts';
import type { SecretError } from './secret-error.ts';
import type { SecretSource } from './secret-source.ts';

type CacheSettings = FetchSettings & { readonly minForcedRefreshMs: number };
export type SecretCache = ReturnType<typeof secretCache>;

export function secretCache(settings: CacheSettings) {
  const fetches = secretFetches(settings);
  const { ask, report } = fetches;
  const { now } = settings.runtime;

  const underway = ({ cell: { flight } }: Slot): Flight | undefined =>
    flight && now() <= flight.until ? flight : undefined;

  /** A clock that was set back does not make a version young again. */
  const isFresh = ({ fetchedAt, freshUntil }: Held, maxAgeMs = Infinity): boolean => {
    const time = now();
    return time < freshUntil && time >= fetchedAt && time - fetchedAt <= maxAgeMs;
  };

  /** The version to use now. Throws a SecretError. `maxAgeMs`: nothing older than that, even where Secrets Manager does not answer. */
  async function load(at: Slot, maxAgeMs?: number, from?: Pick<SecretSource, 'get'>): Promise<Held> {
    const { held } = at.cell;
    if (held && isFresh(held, maxAgeMs)) return held;
    return (underway(at) ?? ask(at, false, from)).promise.catch((error: SecretError) => {
      const { held } = at.cell;
      if (!held || maxAgeMs !== undefined || !error.retryable || now() >= held.lastsUntil) throw error;
      report('stale', at.secretId, { versionId: held.versionId });
      return held;
    });
  }

  /** Asks again; what was asked for in this turn is new enough. */
  const renew = (at: Slot): Promise<Held> => (at.cell.flight?.leaving ? at.cell.flight : ask(at, true)).promise;

  /** Asks again, if the failed version is still the one held, and not more often than `minForcedRefreshMs`. */
  async function renewFailed(at: Slot, failed: string, isLast = false): Promise<Held> {
    const { cell } = at;
    const { held } = cell;
    const flight = underway(at);
    const sinceMs = now() - cell.forcedAt;
    const waits = !flight && sinceMs >= 0 && sinceMs < settings.minForcedRefreshMs;
    if (held && (waits || held.versionId !== failed)) return held;
    if (!flight) cell.forcedAt = now();
    const answer = await (flight ?? ask(at, true)).promise;
    // One that was on its way before may tell of the time before.
    return flight && !isLast && answer.versionId === failed ? renewFailed(at, failed, true) : answer;
  }

  return {
    ...fetches,
    isFresh,
    load,
    refresh: (at: Slot, failed?: string) => (failed ? renewFailed(at, failed) : renew(at)),
  };
}
