import type { Log } from '@keyturn/lambda/log';
import type { Clock } from '@keyturn/rotation/clock';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';

import { calls, type Calls, type Placed } from './calls.ts';
import type { Fault } from './fault.ts';
import type { Ended } from './processes.ts';
import { scheduler, type Scheduler } from './scheduler.ts';

export const account = '123456789012';
export const region = 'eu-central-1';
export const startAt = Date.parse('2026-11-21T08:00:00Z');

/** How long each function may run, in milliseconds; as serverless.yml has it. */
export const timeouts = {
  'rotation-handler': 900_000,
  announcer: 30_000,
  verifier: 120_000,
  cleanup: 120_000,
  sweep: 300_000,
  watchdog: 900_000,
  issue: 90_000,
  retire: 90_000,
} as const;

/** What everything in a world stands on: time, calls, ids, and what is wrong with the world just now. */
export type Ground = {
  readonly scheduler: Scheduler;
  readonly calls: Calls;
  readonly now: () => number;
  /** The clock of a function, which may be wrong. */
  readonly clockOf: (of: string) => Clock;
  readonly newId: () => string;
  /** For the keys of the provider; the same sequence in every run. */
  readonly newText: () => string;
  readonly state: {
    /** A person acts, and no function of ours. */
    person: boolean;
    readonly down: Set<'provider' | 'secretsManager'>;
    readonly skewMs: Map<string, number>;
    /** Reads of Secrets Manager answer what was so before the last write. */
    stale: boolean;
    /** Rows were lost: what only they told of keys without a mark nobody knows any more. */
    ledgerLost: boolean;
    /** What CloudTrail is to tell yet. */
    trails: number;
  };
  /** What happens in the moment before a call, and after one that may have changed something. */
  readonly hooks: { before: (call: Placed) => void; after: () => void };
  /** Errors that nobody foresaw, wherever they came out. */
  readonly bugs: unknown[];
  /** Takes note of how a process ended. */
  readonly ended: (end: Ended<unknown>) => void;
  readonly log: Log;
};

export type GroundOptions = {
  readonly faults: readonly Fault[];
  /** Of every call: what goes wrong with it by chance. */
  readonly chance?: (name: string) => Fault['kind'] | undefined;
  /** From then on nothing goes wrong any more. */
  readonly calmAt?: number;
  /** Calls are named by their signs. */
  readonly isSigned?: boolean;
  readonly latency?: (() => number) | undefined;
  readonly log?: Log | undefined;
};

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

export function ground({
  faults,
  chance,
  calmAt = Infinity,
  isSigned = false,
  latency,
  log = silent,
}: GroundOptions): Ground {
  const time = scheduler({ startAt, latency });
  const now = () => time.now();
  let ids = 0;
  const bugs: unknown[] = [];
  const state: Ground['state'] = {
    person: false,
    down: new Set(),
    skewMs: new Map(),
    stale: false,
    ledgerLost: false,
    trails: 0,
  };
  const hooks: Ground['hooks'] = { before: () => {}, after: () => {} };
  return {
    scheduler: time,
    now,
    clockOf: (of) => ({ now: () => now() + (state.skewMs.get(of) ?? 0), sleep: (ms) => time.sleep(ms) }),
    newId: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`,
    newText: () => `text-${String((ids += 1)).padStart(8, '0')}`,
    state,
    hooks,
    bugs,
    ended: (end) => {
      if (end.how === 'threw' && !isOurs(end.error)) bugs.push(end.error);
    },
    log,
    calls: calls({
      scheduler: time,
      faults,
      chance,
      calmAt,
      isSigned,
      before: (call) => hooks.before(call),
      after: () => hooks.after(),
      isDown: (name) =>
        (state.down.has('provider') && isProviders(name)) ||
        (state.down.has('secretsManager') && name.startsWith('secretsManager ')),
      stale: (is) => {
        state.stale = is;
      },
    }),
  };
}

/** What a function of ours throws because it means it. */
export function isOurs(error: unknown): boolean {
  return error instanceof TransientError || error instanceof PendingError || error instanceof PermanentError;
}

const isProviders = (name: string) => /^(?:invoke|provider|apigee|gateway) /.test(name);
