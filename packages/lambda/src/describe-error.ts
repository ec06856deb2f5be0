import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';

/** What may be logged of an error. */
export type ErrorDescription = {
  readonly name: string;
  /** Left out of errors that are not known to keep values to themselves: Node and JSON.parse quote what they were given. */
  readonly message?: string;
  readonly reason?: string;
  readonly field?: string;
  readonly code?: string;
  /** Where it was thrown: files and lines, without the message that begins a stack. */
  readonly frames?: readonly string[];
  readonly cause?: ErrorDescription;
};

const deepestCause = 4;

export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: `thrown ${typeof error}` };
  return {
    name: error.name,
    ...(quotable(error) && { message: error.message }),
    ...(error instanceof PermanentError && { reason: error.reason }),
    ...(error instanceof PermanentError && error.field !== undefined && { field: error.field }),
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    ...(!isOurs(error) && { frames: frames(error) }),
    ...(error.cause !== undefined && depth < deepestCause && { cause: describeError(error.cause, depth + 1) }),
  };
}

/** Errors whose messages we write, by the rule that they name fields and never values. */
export function isOurs(error: unknown): error is TransientError | PendingError | PermanentError {
  return error instanceof TransientError || error instanceof PendingError || error instanceof PermanentError;
}

function quotable(error: Error): boolean {
  if (isOurs(error)) return true;
  // The SDK's messages hold ARNs and names, but a ValidationException quotes the argument.
  if ('$fault' in error) return error.name !== 'ValidationException';
  return 'syscall' in error;
}

function frames({ stack = '' }: Error): string[] {
  return stack
    .split('\n')
    .filter((line) => /^ {4}at .+:\d+:\d+\)?$/.test(line))
    .slice(0, 8)
    .map((line) => line.slice('    at '.length));
}
