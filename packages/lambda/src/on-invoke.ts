import type { Clock } from '@keyturn/rotation/clock';

import { isOurs } from './describe-error.ts';
import { logger, type Log, type LogFields } from './log.ts';
import { systemClock } from './system-clock.ts';

/** What we use of the context that Lambda hands to every call. */
export type LambdaContext = {
  readonly invokedFunctionArn: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
};

export type Invocation = {
  /** The ARN that was called, with its qualifier if it had one. */
  readonly functionArn: string;
  /** When the function has to be done, by the clock. */
  readonly deadline: number;
};

export type InvokeOptions = {
  readonly service: string;
  readonly handle: (payload: unknown, invocation: Invocation) => Promise<unknown>;
  /** What may be logged of the payload. Without it nothing is. */
  readonly about?: (payload: unknown) => LogFields;
  readonly log?: Log;
  readonly clock?: Clock;
};

/**
 * The handler of a function that is called and answers: an adapter, the rotation function, a sweep. Errors of ours leave it as they are. Any
 * other error leaves it without its message and cause, because Lambda prints what is thrown and sends it to the caller.
 */
export function onInvoke(options: InvokeOptions): (payload: unknown, context: LambdaContext) => Promise<unknown> {
  const { service, handle, about = () => ({}), log = logger(service), clock = systemClock } = options;
  return async (payload, context) => {
    const fields = { requestId: context.awsRequestId, ...about(payload) };
    const deadline = clock.now() + context.getRemainingTimeInMillis();
    log.info('started', fields);
    try {
      const answer = await handle(payload, { functionArn: context.invokedFunctionArn, deadline });
      log.info('ended', { ...fields, outcome: 'done' });
      return answer;
    } catch (error) {
      log.error('ended', { ...fields, outcome: 'failed', error });
      throw isOurs(error) ? error : internalError(service);
    }
  };
}

function internalError(service: string): Error {
  const error = new Error(`A fault in ${service}; its log has the details`);
  error.name = 'InternalError';
  return error;
}
