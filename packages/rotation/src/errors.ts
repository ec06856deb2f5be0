/**
 * Why a rotation, a check or a retirement stopped for good. Public: it is the `reason` of RotationFailed and
 * RetirementHeld, and the attribute of a dead-lettered message.
 */
export const reasons = [
  // The call or the configuration is wrong; somebody has to change it.
  'malformed',
  'misconfigured',
  'unknown-step',
  'not-ours',
  'abandoned',
  'secret-missing',
  'secret-deleting',
  'access-denied',
  'shape-mismatch',
  // The provider knows something else than we do.
  'target-missing',
  'not-yours',
  'shared-key',
  'key-conflict',
  'key-disabled',
  'last-key',
  'same-key',
  'entitlements-differ',
  'quota',
  'unsupported',
  'provider-refused',
  'provider-answer',
  'key-rejected',
  'accepts-anything',
  // It may heal without anybody; used where a transient failure has to be told.
  'unavailable',
  'not-propagated',
  'handler-died',
  'internal',
  // It begins by itself, at a time that the policy names.
  'outside-window',
  // A superseded key is due, but has to wait.
  'still-read',
  'still-used',
  'not-adopted',
  'still-accepted',
  're-enabled',
  'observe-only',
  'not-approved',
] as const;
export type Reason = (typeof reasons)[number];

type TransientOptions = ErrorOptions & { readonly retryAfterMs?: number | undefined };

/** The same attempt may succeed later. It leaves the handler, so that the caller retries it. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  /** How long to wait before the next attempt, in milliseconds, where the other side said so. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: TransientOptions = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The new credential is not accepted everywhere yet. Retried like a TransientError, but nobody is told before its budget ends. */
export class PendingError extends Error {
  override readonly name = 'PendingError';
}

type PermanentOptions = ErrorOptions & { readonly field?: string | undefined };

/** No attempt will succeed until somebody changes something. `field` names what to change; the message never holds a value of a secret. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly reason: Reason;
  readonly field: string | undefined;

  constructor(reason: Reason, message: string, options: PermanentOptions = {}) {
    super(message, options);
    this.reason = reason;
    this.field = options.field;
  }
}
