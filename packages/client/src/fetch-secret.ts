import { tell } from './diagnostics.ts';
import type { Runtime } from './runtime.ts';
import { secretError } from './secret-error.ts';
import type { RawSecret, SecretSource, Stage } from './secret-source.ts';
import { ignore, within } from './within.ts';

/** What is held of a secret. Times in milliseconds since 1970. */
export type Held = {
  readonly raw: RawSecret;
  /** The order of the fetches' starts: an answer never takes the place of one that was asked for later. */
  readonly started: number;
  readonly startedAt: number;
  readonly freshUntil: number;
  /** It is past its time, and Secrets Manager did not answer. */
  readonly stale: boolean;
  /** Since it was asked for. */
  failures: number;
  /** After a failure, nobody asks before this. */
  retryAt: number;
};

export type Flight = {
  readonly promise: Promise<Held>;
  readonly started: number;
  /** Past this it does not count as on its way: a frozen environment may leave one behind that never ends. */
  until: number;
  /** It leaves after this turn: until then, whoever asks for a new answer may share it. */
  leaving: boolean;
};

/** One version or stage of one secret. Handles that write its name and its ARN end up with the same one. */
type Cell = {
  held?: Held;
  /** The last one. */
  flight?: Flight;
  /** When a refresh for a failed version last began. */
  forcedAt: number;
};

/** A secret as an application wrote it: what handles hold on to. */
export type Slot = {
  readonly secretId: string;
  readonly stage: Stage | undefined;
  readonly versionId: string | undefined;
  /** Told of each change of the version. */
  readonly watchers: Set<(next: Held) => Promise<void>>;
  cell: Cell;
};

export type FetchSettings = {
  readonly source: SecretSource;
  readonly runtime: Runtime;
  readonly ttlMs: number;
  readonly timeoutMs: number;
};

/** The secrets in memory, and the way into it: one fetch at a time for each of them, in the order of their starts. */
export function secretFetches({ source, runtime, ttlMs, timeoutMs }: FetchSettings) {
  /** By what applications write and by what Secrets Manager answers. */
  const slots = new Map<string, Slot>();
  const { track, settled } = pendingWork();
  const { now, random } = runtime;
  let sequence = 0;

  function slot(
    secretId: string,
    versionId?: string,
    stage: Stage | undefined = versionId ? undefined : 'AWSCURRENT',
    at: Slot = { secretId, stage, versionId, watchers: new Set(), cell: { forcedAt: -Infinity } },
  ): Slot {
    const key = [secretId, stage, versionId].join('\n');
    const found = slots.get(key) ?? at;
    slots.set(key, found);
    return found;
  }

  function ask(at: Slot, fresh = false, get: SecretSource['get'] = (request) => source.get(request)): Flight {
    const { secretId, stage, versionId, cell } = at;
    const startedAt = now();
    const land = async (): Promise<Held> => {
      flight.leaving = false;
      try {
        const raw = await within(runtime, timeoutMs, secretId, (signal) =>
          get({ secretId, stage, versionId, fresh, signal }),
        );
        tell('refresh', secretId, { versionId: raw.versionId, durationMs: now() - startedAt });
        return keep(at, raw, flight.started, startedAt);
      } catch (thrown) {
        const error = secretError(thrown, secretId);
        const { held } = cell;
        const pauseMs = held && error.retryable ? Math.min(60_000, 1000 * 2 ** held.failures++) * random() : 0;
        if (held) held.retryAt = now() + pauseMs;
        tell('error', secretId, { code: error.code, durationMs: now() - startedAt });
        throw error;
      } finally {
        flight.until = 0;
      }
    };
    const until = startedAt + timeoutMs;
    const flight: Flight = { started: ++sequence, until, leaving: true, promise: Promise.resolve().then(land) };
    track(flight.promise);
    return (cell.flight = flight);
  }

  function keep(at: Slot, raw: RawSecret, started: number, startedAt: number): Held {
    // Only an answer tells that a name and an ARN are one secret: a name may end like an ARN, and another Region have the same name.
    const { cell } = slot(raw.arn, at.versionId, at.stage, at);
    const before = cell.held;
    at.cell = cell;
    if (before && before.started > started) return before;
    // Of many readers that began together, not all ask at the same moment again.
    const freshUntil = startedAt + ttlMs * (1 - random() / 2);
    const held = { raw, started, startedAt, freshUntil, stale: false, failures: 0, retryAt: 0 };
    cell.held = held;
    if (before && before.raw.versionId !== raw.versionId) {
      tell('rotate', at.secretId, { versionId: raw.versionId });
      for (const other of new Set(slots.values())) {
        if (other.cell === cell) for (const watcher of other.watchers) track(watcher(held));
      }
    }
    return held;
  }

  return {
    ask,
    slot,
    source,
    slots: (): ReadonlySet<Slot> => new Set(slots.values()),
    settled,
    track,
  };
}

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
