import { setTimeout as wait } from 'node:timers/promises';

import type { Clock } from '@keyturn/rotation/clock';
import * as z from 'zod';

import { arn, parseArn, type Place } from './arn.ts';
import type { Background } from './background.ts';
import { ServiceError } from './service-error.ts';

export type Handler = (event: unknown, context: LambdaContext) => unknown;

export type LambdaContext = {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  getRemainingTimeInMillis(): number;
};

/** Who else may invoke a function: an AWS service, for one of its resources or for an account. */
export type Permission = {
  readonly principal: string;
  readonly sourceArn?: string | undefined;
  readonly sourceAccount?: string | undefined;
};

export type FunctionOptions = {
  /** 3 seconds by default, as on AWS. */
  readonly timeoutMs?: number;
  /** Without it every service may invoke the function. */
  readonly permissions?: readonly Permission[];
};

/** What becomes of an asynchronous invocation that fails. */
export type AsyncSettings = {
  /** Two by default. */
  readonly maximumRetryAttempts?: number | undefined;
  /** ARN of the queue that is told of an invocation whose last try failed. */
  readonly onFailure?: string | undefined;
};

export type LambdaFunction = {
  readonly name: string;
  readonly arn: string;
  readonly handler: Handler;
  readonly timeoutMs: number;
  permissions: readonly Permission[] | undefined;
  async: AsyncSettings;
};

/** `payload`: the JSON that was returned, or of the error. */
export type Invocation = { readonly payload: string; readonly failed: boolean; readonly requestId: string };

export type Functions = {
  register(name: string, handler: Handler, options?: FunctionOptions): LambdaFunction;
  /** By name or ARN. ResourceNotFoundException. */
  find(nameOrArn: string): LambdaFunction;
  list(): readonly LambdaFunction[];
  mayInvoke(functionArn: string, caller: { principal: string; sourceArn: string }): boolean;
  invoke(fn: LambdaFunction, payload: unknown): Promise<Invocation>;
  /** Answers at once; a function that fails is tried again, as AWS does with asynchronous invocations. */
  invokeLater(fn: LambdaFunction, payload: unknown): void;
};

export type LambdaOptions = {
  readonly place: Place;
  readonly clock: Clock;
  readonly background: Background;
  /** Before the second and the third try of an asynchronous invocation. On AWS a minute and two. */
  readonly asyncRetryDelaysMs: readonly number[];
  readonly onFailure: (queueArn: string, record: FailureRecord) => void;
};

/** As Lambda sends it to a destination. */
type FailureRecord = Readonly<Record<'version' | 'timestamp', string>> & {
  readonly requestContext: object;
  readonly requestPayload: unknown;
  readonly responseContext: object;
  readonly responsePayload: unknown;
};

/** Functions that run in this process. */
export function lambda({ place, clock, background, asyncRetryDelaysMs, onFailure }: LambdaOptions): Functions {
  const functions = new Map<string, LambdaFunction>();
  const find = (nameOrArn: string) => {
    const name = nameOf(nameOrArn);
    const found = functions.get(name);
    if (found !== undefined) return found;
    throw new ServiceError(
      'ResourceNotFoundException',
      `Function not found: ${arn(place, 'lambda', `function:${name}`)}`,
      { status: 404 },
    );
  };

  async function invoke(fn: LambdaFunction, payload: unknown): Promise<Invocation> {
    const requestId = crypto.randomUUID();
    const input: unknown = JSON.parse(JSON.stringify(payload ?? {}));
    const deadline = performance.now() + fn.timeoutMs;
    const context = contextOf(fn, requestId, clock, () => Math.max(0, Math.round(deadline - performance.now())));
    try {
      const result = await inTime(fn, requestId, async () => fn.handler(input, context), background.signal);
      return { payload: JSON.stringify(result) ?? 'null', failed: false, requestId };
    } catch (error) {
      return { payload: JSON.stringify(told(error)), failed: true, requestId };
    }
  }

  return {
    find,
    invoke,
    list: () => [...functions.values()],
    register(name, handler, { timeoutMs = 3000, permissions } = {}) {
      const fn = { name, handler, timeoutMs, permissions, async: {}, arn: arn(place, 'lambda', `function:${name}`) };
      functions.set(name, fn);
      return fn;
    },
    mayInvoke(functionArn, { principal, sourceArn }) {
      const fn = functions.get(nameOf(functionArn));
      if (fn === undefined || parseArn(functionArn)?.account !== place.account) return false;
      return fn.permissions?.some((permission) => permits(permission, principal, sourceArn)) ?? true;
    },
    invokeLater: (fn, payload) =>
      background.run(async () => {
        const { maximumRetryAttempts = 2, onFailure: queueArn } = fn.async;
        let invocation = await invoke(fn, payload);
        for (let retries = 0; invocation.failed && retries < maximumRetryAttempts; retries += 1) {
          await background.sleep(asyncRetryDelaysMs[retries] ?? 0);
          invocation = await invoke(fn, payload);
        }
        if (!invocation.failed || queueArn === undefined) return;
        onFailure(
          queueArn,
          failureRecord({ fn, payload, invocation, tries: maximumRetryAttempts + 1, now: clock.now() }),
        );
      }),
  };
}

type Failed = {
  readonly fn: LambdaFunction;
  readonly payload: unknown;
  readonly invocation: Invocation;
  readonly tries: number;
  readonly now: number;
};

function failureRecord({ fn, payload, invocation, tries, now }: Failed): FailureRecord {
  const responsePayload: unknown = JSON.parse(invocation.payload);
  return {
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    requestContext: {
      requestId: invocation.requestId,
      functionArn: `${fn.arn}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: tries,
    },
    requestPayload: payload,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload,
  };
}

function nameOf(nameOrArn: string): string {
  const match = /^(?:(?:arn:aws[\w-]*:lambda:[\w-]+:)?(?:\d{12}:)?function:)?([\w-]+)(?::\$LATEST)?$/.exec(nameOrArn);
  return match?.[1] ?? nameOrArn;
}

function permits({ principal, sourceArn, sourceAccount }: Permission, caller: string, source: string): boolean {
  const arnFits = sourceArn === undefined || matchesArn(sourceArn, source);
  const accountFits = sourceAccount === undefined || parseArn(source)?.account === sourceAccount;
  return (principal === caller || principal === '*') && arnFits && accountFits;
}

/** `*` and `?` as in policies. */
export function matchesArn(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(text);
}

function contextOf(fn: LambdaFunction, requestId: string, clock: Clock, remaining: () => number): LambdaContext {
  const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    functionName: fn.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: fn.arn,
    memoryLimitInMB: '256',
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${fn.name}`,
    logStreamName: `${day}/[$LATEST]local`,
    getRemainingTimeInMillis: remaining,
  };
}

/** The handler itself cannot be stopped: it goes on in this process, and its result is worth nothing. */
async function inTime(
  fn: LambdaFunction,
  requestId: string,
  work: () => Promise<unknown>,
  closed: AbortSignal,
): Promise<unknown> {
  const answered = new AbortController();
  const signal = AbortSignal.any([answered.signal, closed]);
  const timeout = wait(fn.timeoutMs, undefined, { signal }).then(() => {
    const seconds = (fn.timeoutMs / 1000).toFixed(2);
    throw new TimeoutError(`RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`);
  });
  try {
    return await Promise.race([work(), timeout]);
  } finally {
    answered.abort();
  }
}

class TimeoutError extends Error {
  override readonly name = 'Sandbox.Timedout';
}

const thrown = z.object({ name: z.string(), message: z.string(), stack: z.string().optional() });

function told(error: unknown) {
  const parsed = thrown.safeParse(error);
  if (!parsed.success) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  const { name, message, stack = '' } = parsed.data;
  if (error instanceof TimeoutError) return { errorType: name, errorMessage: message };
  return { errorType: name, errorMessage: message, trace: stack.split('\n') };
}
