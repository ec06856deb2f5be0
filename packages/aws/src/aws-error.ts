import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

type Facts = {
  readonly operation: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
};

/**
 * What may be told of a failed call: AWS's name for the failure, HTTP status and request id. Never AWS's message, which may quote the request,
 * nor the answer that hangs on the SDK's error. Thrown as it is, it is a bug: nothing that AWS or the network says.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor({ operation, code, status, requestId, retryAfterMs }: Facts) {
    const details = [status && `HTTP ${status}`, requestId && `request ${requestId}`].filter(Boolean).join(', ');
    super(`${operation}: ${code}${details && ` (${details})`}`);
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

const sdkError = z.object({
  name: z.string().catch('Error'),
  message: z.string().catch(''),
  code: z.string().optional().catch(undefined),
  retryAfterSeconds: z.coerce.number().nonnegative().optional().catch(undefined),
  $metadata: z
    .object({
      httpStatusCode: z.number().optional().catch(undefined),
      requestId: z
        .string()
        .regex(/^[\w-]{1,100}$/)
        .optional()
        .catch(undefined),
    })
    .catch({ httpStatusCode: undefined, requestId: undefined }),
});

export function awsError(operation: string, error: unknown): AwsError {
  const facts = sdkError.safeParse(error).data;
  const seconds = facts?.retryAfterSeconds;
  return new AwsError({
    operation,
    code: codeOf(facts),
    status: facts?.$metadata.httpStatusCode,
    requestId: facts?.$metadata.requestId,
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
  });
}

// The SDK's errors have their meaning in `name`, Node's in `code`, and these only in their message.
const codesByMessage = new Map([
  ['Region is missing', 'RegionMissing'],
  ['InvalidChecksumError', 'InvalidChecksumError'],
]);

function codeOf(facts: z.output<typeof sdkError> | undefined): string {
  const known = codesByMessage.get(facts?.message ?? '');
  if (known !== undefined) return known;
  const plain = facts === undefined || facts.name === 'Error' || facts.name === 'AggregateError';
  const code = plain ? (facts?.code ?? 'Error') : facts.name;
  return /^[\w.-]{1,100}$/.test(code) ? code : 'Error';
}

/** What the caller has to do about it. `field` names what to change, where AWS refuses the call as it is. */
export function ourError(failure: AwsError, field?: string): Error {
  const { message, code, status, retryAfterMs } = failure;
  if (isPassing(failure)) return new TransientError(message, { cause: failure, retryAfterMs });
  if (isDenied(failure)) return new PermanentError('access-denied', message, { cause: failure, field });
  if (code === 'RegionMissing')
    return new PermanentError('misconfigured', message, { cause: failure, field: 'AWS_REGION' });
  if (code === 'LimitExceededException') return new PermanentError('quota', message, { cause: failure, field });
  const refused = status !== undefined || code.endsWith('Exception');
  return refused ? new PermanentError('misconfigured', message, { cause: failure, field }) : failure;
}

const passing = [
  /Throttl/,
  /^TooManyRequests/,
  /^RequestLimitExceeded$/,
  /^ProvisionedThroughputExceeded/,
  /^TooManyUpdates$/,
  /^Internal(Service)?(Error|Failure|Exception|ServerError)/,
  /^ServiceUnavailable/,
  /^TransactionConflict/,
  // No answer, or not AWS's: a proxy's page does not parse.
  /^(Timeout|Abort|Syntax|InvalidChecksum)Error$/,
  /^RequestTimeout/,
  /^(E[A-Z_]{3,}|UND_ERR_\w+)$/,
];

function isPassing({ code, status }: AwsError): boolean {
  return status === 429 || (status !== undefined && status >= 500) || passing.some((name) => name.test(code));
}

const denied = [
  /^AccessDenied/,
  /^NotAuthorized/,
  /^UnauthorizedOperation$/,
  /^UnrecognizedClient/,
  /^(InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken)/,
  /^(ExpiredToken|InvalidClientTokenId)/,
  /^(Credentials|Token)ProviderError$/,
  /^(De|En)cryptionFailure$/,
  /^(KMS|Kms)/,
];

function isDenied({ code, status }: AwsError): boolean {
  return status === 401 || status === 403 || denied.some((name) => name.test(code));
}
