export type SecretErrorCode =
  | 'NOT_FOUND'
  | 'ACCESS_DENIED'
  | 'DECRYPTION_FAILED'
  | 'INVALID_REQUEST'
  | 'THROTTLED'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'PARSE'
  | 'VALIDATION'
  | 'WRONG_TYPE';

/** Where a schema found something wrong. Its messages are not kept: some quote the value. */
type Issues = readonly (readonly PropertyKey[])[];

/** Why a secret cannot be had. `retryable`: the same call may succeed later. It never holds a value. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly code: SecretErrorCode;
  readonly secretId: string;
  readonly retryable: boolean;
  readonly issues: Issues;

  /** `was`: the name of what was thrown. The thrown thing itself is not kept: an SDK error may carry the answer's body. */
  constructor(code: SecretErrorCode, secretId: string, was = '', issues: Issues = []) {
    super(`${secretId}: ${code} ${was}${issues.map((path) => path.map(String).join('.')).join()}`.trim());
    this.code = code;
    this.secretId = secretId;
    this.retryable = /^[TU]/.test(code);
    this.issues = issues;
  }

  /** By name: an application may have this class twice, as an ES module and as CommonJS. */
  static override [Symbol.hasInstance](thing: unknown): boolean {
    return thing instanceof Error && thing.name === 'SecretError';
  }
}

/** By the names that AWS and Node give. What nobody knows, and has no 4xx status, counts as trouble that passes. */
const codes: readonly (readonly [RegExp, SecretErrorCode])[] = [
  [/NotFoundEx|404/, 'NOT_FOUND'],
  [/Denied|Client|Token|Signature|40[13]/, 'ACCESS_DENIED'],
  [/Decryption/, 'DECRYPTION_FAILED'],
  [/Throttl|TooMany|Limit|429/, 'THROTTLED'],
  [/Time|Abort/, 'TIMEOUT'],
  [/NOT_FOUND|Parameter|Request|4\d\d$/, 'INVALID_REQUEST'],
];

/** Whatever a source threw, as one of ours. */
export function secretError(error: unknown, secretId: string): SecretError {
  if (error instanceof SecretError) return error;
  const name = error instanceof Error && /^\w+$/.test(error.name) ? error.name : '';
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const text = `${name} ${String(code)} ${String(statusOf(error))}`;
  return new SecretError(codes.find(([pattern]) => pattern.test(text))?.[1] ?? 'UNAVAILABLE', secretId, name);
}

/** The HTTP status of an answer or an error, as `fetch`, axios, got, undici and the AWS SDK tell it. */
export function statusOf(thing: unknown): unknown {
  if (typeof thing !== 'object' || thing === null) return undefined;
  if ('status' in thing) return thing.status;
  if ('statusCode' in thing) return thing.statusCode;
  if ('$metadata' in thing) return isObject(thing.$metadata) && thing.$metadata['httpStatusCode'];
  return 'response' in thing ? statusOf(thing.response) : undefined;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
