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
  declare readonly code: SecretErrorCode;
  declare readonly secretId: string;
  declare readonly retryable: boolean;
  declare readonly issues: Issues;

  /** `was`: the name of what was thrown, or the paths. The thrown thing itself is not kept: an SDK error may carry the answer's body. */
  constructor(code: SecretErrorCode, secretId: string, was = '', issues: Issues = []) {
    super(`${secretId}: ${code} ${was}`.trim());
    Object.assign(this, { name: 'SecretError', code, secretId, retryable: /^[TU]/.test(code), issues });
  }

  /** By name: an application may have this class twice, as an ES module and as CommonJS. */
  static override [Symbol.hasInstance](thing: unknown): boolean {
    return thing instanceof Error && thing.name === 'SecretError';
  }
}

/** By the names that AWS and Node give. What nobody knows, and has no 4xx status, counts as trouble that passes. */
const codes: Readonly<Partial<Record<SecretErrorCode, RegExp>>> = {
  NOT_FOUND: /NotFoundEx|404/,
  ACCESS_DENIED: /Denied|Client|Token|Signature|40[13]/,
  DECRYPTION_FAILED: /Decryption/,
  THROTTLED: /Throttl|TooMany|Limit|429/,
  TIMEOUT: /Time|Abort/,
  INVALID_REQUEST: /NOT_FOUND|Parameter|Request|4\d\d$/,
};

/** Whatever a source threw, as one of ours. */
export function secretError(error: unknown, secretId: string): SecretError {
  if (error instanceof SecretError) return error;
  const { name, code } = fieldsOf(error);
  const known = [name, code].filter((sign) => typeof sign === 'string' && /^\w+$/.test(sign)).join(' ');
  return new SecretError(codeOf([known, statusOf(error)].join(' ')), secretId, known);
}

function codeOf(text: string): SecretErrorCode {
  let code: SecretErrorCode;
  for (code in codes) if (codes[code]?.test(text)) return code;
  return 'UNAVAILABLE';
}

/** The HTTP status of an answer or an error, as `fetch`, axios, got, undici and the AWS SDK tell it. */
export function statusOf(thing: unknown): unknown {
  const { status, statusCode, $metadata, response } = fieldsOf(thing);
  return status ?? statusCode ?? fieldsOf($metadata)['httpStatusCode'] ?? (response && statusOf(response));
}

export const fieldsOf = (thing: unknown): Readonly<Record<string, unknown>> => (isObject(thing) ? thing : {});

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
