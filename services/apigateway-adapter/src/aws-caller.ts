import { awsCall } from '@keyturn/aws/aws-call';
import { ourError, type AwsError } from '@keyturn/aws/aws-error';
import type { Random } from '@keyturn/http/random';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

/** What the SDK names its failure, as far as a caller knows what to do about it. */
export type Refusal = 'NotFoundException' | 'ConflictException';

export type AwsCaller = <Answer, Expected extends Refusal = never>(
  call: {
    readonly operation: string;
    readonly send: () => Promise<Answer>;
    /** False: it is sent again only where AWS said that it did nothing. */
    readonly repeatable: boolean;
  },
  ...expected: Expected[]
) => Promise<Answer | Expected>;

const attempts = 4;
const firstPauseMs = 500;
/** A call that would have to pause longer than this ends, and its caller waits instead. */
const longestPauseMs = 10_000;

/**
 * Calls of API Gateway, sent again for a while where that does no harm: a whole account has ten a second, and five keys a second to make. Gives the answer,
 * or the refusal where it is among those expected. TransientError, PermanentError: access-denied, quota, provider-refused.
 */
export function awsCaller({ clock, random }: { readonly clock: Clock; readonly random: Random }): AwsCaller {
  return async (call, ...expected) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await awsCall(call.operation, call.send, (failure) => {
          const known = expected.find((one) => one === failure.code);
          if (known !== undefined) return known;
          throw errorOf(failure);
        });
      } catch (error) {
        const again = error instanceof TransientError && (call.repeatable || isThrottled(error));
        if (!again || attempt >= attempts) throw error;
        const pauseMs = error.retryAfterMs ?? firstPauseMs * 2 ** (attempt - 1) * (0.5 + random());
        if (pauseMs > longestPauseMs) throw error;
        await clock.sleep(pauseMs);
      }
    }
  };
}

class ThrottledError extends TransientError {}

const isThrottled = (error: TransientError): boolean => error instanceof ThrottledError;

// The same status says that there are too many keys, and that there were too many calls.
function errorOf(failure: AwsError): Error {
  const { message, code, retryAfterMs } = failure;
  switch (code) {
    case 'LimitExceededException':
      return new PermanentError('quota', `${message}: the account has as many as it may`, {
        cause: failure,
        field: 'target',
      });
    case 'TooManyRequestsException':
      return new ThrottledError(message, { cause: failure, retryAfterMs });
    case 'ConflictException':
      return new TransientError(`${message}: something else writes at the same time`, { cause: failure });
    case 'BadRequestException':
    case 'NotFoundException':
      return new PermanentError('provider-refused', message, { cause: failure });
    default:
      return ourError(failure, 'role');
  }
}
