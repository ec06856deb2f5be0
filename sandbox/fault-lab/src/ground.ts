import { logger, type Log } from '@keyturn/lambda/log';
import type { Clock } from '@keyturn/rotation/clock';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';

import { calls, type Calls, type Placed } from './calls.ts';
import type { Fault } from './fault.ts';
import type { LeakWatch } from './leak-watch.ts';
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
  notifier: 60_000,
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
    readonly down: Set<'provider' | 'secretsManager' | 'slack'>;
    readonly skewMs: Map<string, number>;
    /** Reads of Secrets Manager answer what was so before the last write. */
    stale: boolean;
    /** Rows were lost: what only they told of keys without a mark nobody knows any more. */
    ledgerLost: boolean;
    pausedAt: number | undefined;
    /** How many calls had been made when a person last changed what keys may do. */
    entitledAt: number | undefined;
    /** What CloudTrail is to tell yet. */
    trails: number;
  };
  /** What happens in the moment before a call, and after one that may have changed something. */
  readonly hooks: { before: (call: Placed) => void; after: () => void };
  /** Errors that nobody foresaw, wherever they came out. */
  readonly bugs: unknown[];
  /** Takes note of how a process ended. What leaves an adapter's function is no fault of ours that nobody foresaw. */
  readonly ended: (end: Ended<unknown>, of?: 'ours' | 'adapter') => void;
  readonly log: Log;
  readonly watch: LeakWatch | undefined;
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
  /**
   * Somebody looks for leaks: functions are wrapped as they are on AWS, adapters speak over the wire, lines are printed, and what fails quotes a secret as bad
   * servers do.
   */
  readonly watch?: LeakWatch | undefined;
};

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** As it prints on AWS. */
const printing = logger('lab');

export function ground(options: GroundOptions): Ground {
  const {
    faults,
    chance,
    calmAt = Infinity,
    isSigned = false,
    latency,
    watch,
    log = watch ? printing : silent,
  } = options;
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
    pausedAt: undefined,
    entitledAt: undefined,
  };
  const hooks: Ground['hooks'] = { before: () => {}, after: () => {} };
  return {
    scheduler: time,
    now,
    clockOf: (of) => ({ now: () => now() + (state.skewMs.get(of) ?? 0), sleep: (ms) => time.sleep(ms) }),
    newId: watch?.newId ?? (() => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`),
    newText: watch?.newText ?? (() => `text-${String((ids += 1)).padStart(8, '0')}`),
    state,
    hooks,
    bugs,
    ended: (end, of = 'ours') => {
      if (end.how !== 'threw') return;
      watch?.hearError(end.error);
      if (of === 'ours' && !isOurs(end.error)) bugs.push(end.error);
    },
    log,
    watch,
    calls: calls({
      scheduler: time,
      faults,
      chance,
      calmAt,
      isSigned,
      quoted: watch?.quoted,
      before: (call) => hooks.before(call),
      after: () => hooks.after(),
      isDown: (name) =>
        state.down.size > 0 &&
        ((state.down.has('provider') && isProviders(name)) ||
          (state.down.has('secretsManager') && name.startsWith('secretsManager ')) ||
          (state.down.has('slack') && name.startsWith('slack '))),
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

const isProviders = (name: string) => /^(?:provider|apigee|apigateway|gateway|google|ssm|host) /.test(name);
