import { TransientError } from '@keyturn/rotation/errors';

import { canHappenTo, isDeliveryFault, isRead, type DeliveryFault, type Fault, type FaultKind } from './fault.ts';
import type { Reach } from './lab-provider.ts';
import type { Process } from './processes.ts';
import type { Scheduler } from './scheduler.ts';

/** One call that was made: by which function, of what. */
export type Call = { readonly by: string; readonly name: string; readonly time: number };

/** Where a call stands, by both names of its place. */
export type Placed = { readonly number: number; readonly sign: string };

export type Calls = {
  readonly reach: Reach;
  /** The calls of Secrets Manager fail as AWS's do. */
  readonly reachAws: Reach;
  /** A message sets out; what becomes of it. */
  deliver(to: string): DeliveryFault | 'delivered';
  readonly made: readonly Call[];
  /** Number of the first call of whoever runs; undefined while nobody does, and before it. */
  began(): number | undefined;
  /** The same of the function on whose behalf it runs. */
  setOff(): number | undefined;
  /** Number of the call by which whoever runs was called. */
  asked(): number | undefined;
  /** Those faults of the plan that came to pass. */
  readonly struck: readonly Fault[];
  /** Effects that are to come yet. */
  late(): number;
};

type CallsOptions = {
  readonly scheduler: Scheduler;
  readonly faults: readonly Fault[];
  /** Of every call: what goes wrong with it by chance. */
  readonly chance?: ((name: string) => Fault['kind'] | undefined) | undefined;
  /** No fault comes to pass any more from then on. */
  readonly calmAt: number;
  /** Somebody names a call by its sign. */
  readonly isSigned: boolean;
  /** Before each call: what strangers do in that moment. */
  readonly before: (call: Placed) => void;
  /** After each call that may have changed something, also where nobody heard of it. */
  readonly after: (name: string) => void;
  /** Whether everything of that kind is down. */
  readonly isDown: (name: string) => boolean;
  /** What AWS and the provider quote when they fail. */
  readonly quoted?: (() => string) | undefined;
  /** From now on reads of Secrets Manager answer what was so before the last write, or not any more. */
  readonly stale: (is: boolean) => void;
};

const lateMs = 30_000;

export function calls(options: CallsOptions): Calls {
  const { scheduler, faults, chance, calmAt, isSigned, before, after, isDown, stale, quoted } = options;
  const planned = new Map(faults.map((fault) => [fault.at, fault]));
  const sign = isSigned ? signer() : () => '';
  const made: Call[] = [];
  const struck: Fault[] = [];
  const firsts = new WeakMap<Process, number>();
  const lasts = new WeakMap<Process, number>();
  let late = 0;

  function strike(name: string): Fault | undefined {
    const process = scheduler.current();
    if (process !== undefined && !firsts.has(process)) firsts.set(process, made.length);
    const call = { by: process?.of ?? 'world', name, time: scheduler.now() };
    const place = { number: made.length, sign: sign(call) };
    made.push(call);
    before(place);
    const fault =
      call.time < calmAt ? (planned.get(place.number) ?? planned.get(place.sign) ?? byChance(place, name)) : undefined;
    // Plans at random hit calls with what cannot happen to them: nothing came to pass then.
    if (fault === undefined || !canHappenTo(name, fault.kind)) return undefined;
    struck.push(fault);
    return fault;
  }

  function byChance({ number }: Placed, name: string): Fault | undefined {
    const kind = chance?.(name);
    return kind === undefined ? undefined : { at: number, kind };
  }

  const reachBy =
    (failureOf: Failure): Reach =>
    async (name, run) => {
      const failure = (kind: Failing) => failureOf(kind, name, quoted?.());
      await scheduler.travel();
      const caller = scheduler.current();
      if (caller?.alive === false) return scheduler.crash();
      const number = made.length;
      const fault = strike(name);
      // Not before: what people do in that moment sends messages, which count as calls, too.
      if (caller !== undefined) lasts.set(caller, number);
      const effect = async () => {
        const answer = await run();
        if (!isRead(name)) after(name);
        return answer;
      };
      if (isDown(name)) throw failure('error');
      if (fault === undefined || isDeliveryFault(fault.kind)) return effect();
      return suffer(fault.kind, effect, { scheduler, failure, stale, late: (change) => void (late += change) });
    };

  return {
    reach: reachBy(ourFailure),
    reachAws: reachBy(awsFailure),
    deliver(to) {
      const fault = strike(`deliver ${to}`);
      return fault !== undefined && isDeliveryFault(fault.kind) ? fault.kind : 'delivered';
    },
    made,
    began() {
      const process = scheduler.current();
      return process && firsts.get(process);
    },
    setOff() {
      let process = scheduler.current();
      while (process?.caller !== undefined) process = process.caller;
      return process && firsts.get(process);
    },
    asked() {
      const caller = scheduler.current()?.caller;
      return caller && lasts.get(caller);
    },
    struck,
    late: () => late,
  };
}

type Failing = 'error' | 'throttled' | 'no-answer';
type Failure = (kind: Failing, name: string, quoted: string | undefined) => Error;
type Means = Pick<CallsOptions, 'scheduler' | 'stale'> & {
  readonly failure: (kind: Failing) => Error;
  readonly late: (change: 1 | -1) => void;
};

async function suffer<T>(
  kind: FaultKind,
  effect: () => Promise<T>,
  { scheduler, failure, stale, late }: Means,
): Promise<T> {
  switch (kind) {
    case 'error':
    case 'throttled':
      throw failure(kind);
    case 'crash-before':
      return scheduler.crash();
    case 'answer-lost':
      await settled(effect);
      throw failure('no-answer');
    case 'crash-after':
      await settled(effect);
      return scheduler.crash();
    case 'late':
      late(1);
      scheduler.at(scheduler.now() + lateMs, () => {
        scheduler.start(
          'world',
          Infinity,
          () => settled(effect),
          () => late(-1),
        );
      });
      throw failure('no-answer');
    case 'twice':
      await settled(effect);
      return effect();
    case 'at-once':
      scheduler.start(
        'world',
        Infinity,
        () => settled(effect),
        () => {},
      );
      return effect();
    case 'stale': {
      stale(true);
      const answer = effect();
      stale(false);
      return answer;
    }
  }
}

async function settled(effect: () => Promise<unknown>): Promise<void> {
  await effect().catch(() => undefined);
}

const ourFailure: Failure = (kind, name, quoted) => {
  // An adapter that does not turn what its provider says into an error of ours.
  if (quoted !== undefined && isProviders(name)) return quoting('The lab fails', quoted);
  if (kind === 'throttled') return new TransientError('The lab throttles', { retryAfterMs: 1000 });
  return new TransientError(kind === 'error' ? 'The lab fails' : 'The lab does not answer');
};

const isProviders = (name: string) => /^(?:provider|apigee|apigateway|gateway|google|ssm|host) /.test(name);

function quoting(message: string, quoted: string): Error {
  const cause = new SyntaxError(`Unexpected token in "${quoted}"`);
  return Object.assign(new Error(`${message}: ${quoted}`, { cause }), {
    request: { headers: { authorization: quoted } },
  });
}

/** By the names that the SDK gives them. */
const awsFailure: Failure = (kind, _, quoted) => {
  const error = quoted === undefined ? new Error('The lab fails') : quoting('1 validation error', quoted);
  error.name = { error: 'InternalServiceError', throttled: 'ThrottlingException', 'no-answer': 'TimeoutError' }[kind];
  return error;
};

/** The sign of each call, as it is kept. */
export function signsOf(made: readonly Call[]): readonly string[] {
  const sign = signer();
  return made.map((call) => sign(call));
}

function signer(): (call: Call) => string {
  const counts = new Map<string, number>();
  return ({ by, name }) => {
    const kind = `${by}|${name}`;
    const nth = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, nth);
    return `${kind}|${nth}`;
  };
}
