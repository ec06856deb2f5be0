import { abortable } from './abortable.ts';
import { tell } from './diagnostics.ts';
import type { Runtime } from './runtime.ts';
import type { Flight, Held, Slot } from './secret-cells.ts';
import { SecretError, secretError } from './secret-error.ts';
import type { RawSecret, SecretSource } from './secret-source.ts';

export type FetchSettings = {
  readonly source: SecretSource;
  readonly runtime: Runtime;
  readonly ttlMs: number;
  readonly timeoutMs: number;
};

/** The way from a source into memory: one fetch at a time for each secret, in the order of their starts. */
export function secretFetches(
  { source, runtime, ttlMs, timeoutMs }: FetchSettings,
  merge: (at: Slot, arn: string) => void,
) {
  const { track, settled } = pendingWork();
  let sequence = 0;

  const ask = (at: Slot, fresh = false): Flight => {
    const { secretId, stage, versionId } = at;
    return fly(at, (signal) => source.get({ secretId, stage, versionId, fresh, signal }));
  };

  function fly(at: Slot, fetch: (signal: AbortSignal) => Promise<RawSecret>): Flight {
    const { secretId } = at;
    const startedAt = runtime.now();
    const land = async (): Promise<Held> => {
      flight.leaving = false;
      try {
        const raw = await within(runtime, timeoutMs, secretId, fetch);
        tell('refresh', secretId, { versionId: raw.versionId, durationMs: runtime.now() - startedAt });
        return keep(at, raw, flight);
      } catch (thrown) {
        const error = secretError(thrown, secretId);
        const { cell } = at;
        // Another one that began since tells more.
        if (cell.flight === flight) {
          const backoffMs = Math.min(60_000, 1000 * 2 ** cell.failures++) * runtime.random();
          cell.retryAt = error.retryable ? runtime.now() + backoffMs : 0;
        }
        tell('error', secretId, { code: error.code, durationMs: runtime.now() - startedAt });
        throw error;
      } finally {
        if (at.cell.flight === flight) at.cell.flight = undefined;
      }
    };
    const flight: Flight = { started: ++sequence, startedAt, leaving: true, promise: Promise.resolve().then(land) };
    at.cell.flight = flight;
    track(flight.promise);
    return flight;
  }

  function keep(at: Slot, raw: RawSecret, { started, startedAt }: Flight): Held {
    merge(at, raw.arn);
    const { cell } = at;
    const before = cell.held;
    if (before && before.started > started) return before;
    // Of many readers that began together, not all ask at the same moment again.
    const freshUntil = startedAt + ttlMs * (1 - runtime.random() / 2);
    const held = { raw, started, fetchedAt: startedAt, freshUntil };
    Object.assign(cell, { held, failures: 0, retryAt: 0 });
    if (before && before.raw.versionId !== raw.versionId) {
      tell('rotate', at.secretId, { versionId: raw.versionId });
      for (const watcher of cell.watchers) track(watcher());
    }
    return held;
  }

  /** Of one call, what each secret finds. */
  function askOnce(ids: readonly string[]): ((secretId: string) => Promise<RawSecret | undefined>) | undefined {
    const answers = source.getMany && within(runtime, timeoutMs, '', source.getMany.bind(source, ids)).catch(() => []);
    return answers && (async (id) => (await answers).find(({ name, arn }) => arn === id || name === id));
  }

  return {
    ask,
    /** Asks for many at once. What does not come with it is asked for alone. */
    askMany(wanted: readonly Slot[]): void {
      const cold = [...new Set(wanted)].filter(isCold);
      const one = cold.length > 1 && askOnce(cold.map(({ secretId }) => secretId));
      if (!one) return;
      for (const at of cold)
        fly(at, async (signal) => (await one(at.secretId)) ?? source.get({ ...at, fresh: false, signal }));
    },
    /** The start of the last fetch. */
    last: () => sequence,
    /** The fetch that is on its way. A frozen environment may leave one behind that never ends. */
    underway: ({ cell: { flight } }: Slot): Flight | undefined =>
      flight && runtime.now() <= flight.startedAt + timeoutMs ? flight : undefined,
    settled,
  };
}

const isCold = ({ cell, stage }: Slot): boolean => !cell.held && !cell.flight && stage === 'AWSCURRENT';

function pendingWork() {
  const pending = new Set<Promise<unknown>>();
  return {
    track: (work: Promise<unknown>): void => {
      const done = work.catch(ignore).finally(() => pending.delete(done));
      pending.add(done);
    },
    /** Resolves when nothing is on its way any more, callbacks included. Never rejects. */
    settled: async (): Promise<void> => {
      while (pending.size) await Promise.all(pending);
    },
  };
}

/** Runs `fetch` until its signal aborts, after `ms`; then it is a SecretError, whether it heeds the signal or not. */
export function within<T>(
  runtime: Runtime,
  ms: number,
  secretId: string,
  fetch: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const cancel = runtime.after(ms, () => abort.abort(new SecretError('TIMEOUT', secretId)));
  return abortable(fetch(abort.signal), abort.signal).finally(cancel);
}

export const ignore = (): void => undefined;
