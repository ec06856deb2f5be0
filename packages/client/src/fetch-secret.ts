import type { Report } from './report.ts';
import { ignore, type Runtime } from './runtime.ts';
import { secretError } from './secret-error.ts';
import type { RawSecret, SecretSource, Stage } from './secret-source.ts';
import { within } from './within.ts';

/** What is held of a secret: an answer, and when it was asked for. Times in milliseconds since 1970. */
export type Held = RawSecret & {
  /** The order of the fetches' starts: an answer never takes the place of one that was asked for later. */
  readonly order: number;
  readonly fetchedAt: number;
  /** Until then nobody asks: it is young, or the last to ask has just failed. */
  freshUntil: number;
  /** Until then it is used while Secrets Manager does not answer. */
  readonly lastsUntil: number;
  /** It is past its time, and Secrets Manager did not answer. */
  readonly stale: boolean;
  /** Since it was asked for. */
  readonly failures: number;
};

export type Flight = {
  readonly promise: Promise<Held>;
  /** Past this it does not count as on its way: a frozen environment may leave one behind that never ends. */
  until: number;
  /** It leaves after this turn: until then, whoever asks for a new answer may share it. */
  leaving: boolean;
};

/** One version or stage of one secret. Handles that write its name and its ARN end up with the same one. */
type Cell = { held?: Held; flight?: Flight; forcedAt: number };

/** A secret as an application or an answer writes it. */
export type Slot = {
  readonly secretId: string;
  readonly stage: Stage | undefined;
  readonly versionId: string | undefined;
  cell: Cell;
};

export type FetchSettings = {
  readonly source: SecretSource;
  readonly runtime: Runtime;
  readonly report: Report;
  readonly ttlMs: number;
  readonly staleIfErrorMs: number;
  readonly timeoutMs: number;
};

/** The secrets in memory, and the way into it: one fetch at a time for each of them, in the order of their starts. */
export function secretFetches({ source, runtime, report, ttlMs, staleIfErrorMs, timeoutMs }: FetchSettings) {
  const { now, random } = runtime;
  const slots = new Map<string, Slot>();
  const watchers = new Set<() => Promise<void>>();
  const { track, settled } = pendingWork();
  let count = 0;

  function slot(
    secretId: string,
    versionId?: string,
    stage: Stage | undefined = versionId ? undefined : 'AWSCURRENT',
    cell: Cell = { forcedAt: 0 },
  ): Slot {
    const key = [secretId, stage, versionId].join();
    const found = slots.get(key) ?? { secretId, stage, versionId, cell };
    slots.set(key, found);
    return found;
  }

  function ask(at: Slot, fresh: boolean, from: Pick<SecretSource, 'get'> = source): Flight {
    const { cell, ...which } = at;
    const { secretId, versionId, stage } = which;
    const fetchedAt = now();
    const order = ++count;

    const keep = (raw: RawSecret): Held => {
      const facts = { versionId: raw.versionId, durationMs: now() - fetchedAt };
      report('refresh', secretId, facts);
      // Only an answer tells that a name and an ARN are one secret: a name may end like an ARN, and another Region have the same name.
      const known = (at.cell = slot(raw.arn, versionId, stage, cell).cell);
      const { held } = known;
      if (held && held.order > order) return held;
      // Of many readers that began together, not all ask at the same moment again.
      const freshUntil = fetchedAt + ttlMs * (1 - random() / 2);
      const lastsUntil = freshUntil + staleIfErrorMs;
      known.held = { ...raw, order, fetchedAt, freshUntil, lastsUntil, stale: false, failures: 0 };
      if (held && held.versionId !== raw.versionId) {
        report('rotate', secretId, facts);
        for (const watcher of watchers) track(watcher());
      }
      return known.held;
    };
    const fail = (thrown: unknown): never => {
      const error = secretError(thrown, secretId);
      const { held } = cell;
      const time = now();
      if (held && (time >= held.freshUntil || time < held.fetchedAt)) {
        const pauseMs = Math.min(60_000, 1000 * 2 ** held.failures) * random();
        const freshUntil = error.retryable ? Math.min(time + pauseMs, held.lastsUntil) : 0;
        cell.held = { ...held, freshUntil, stale: true, failures: held.failures + 1 };
      }
      report('error', secretId, { code: error.code, durationMs: time - fetchedAt });
      throw error;
    };
    const fly = async (): Promise<Held> => {
      flight.leaving = false;
      const answer = within(runtime, timeoutMs, secretId, (signal) => from.get({ ...which, fresh, signal }));
      return answer.then(keep, fail).finally(() => (flight.until = 0));
    };
    const flight: Flight = { until: fetchedAt + timeoutMs, leaving: true, promise: Promise.resolve().then(fly) };
    track(flight.promise);
    return (cell.flight = flight);
  }

  return {
    source,
    report,
    ask,
    slot,
    // A function, since a log would go into a Map.
    slots: () => slots.values(),
    watchers,
    track,
    settled,
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
