import { randomInt } from 'node:crypto';

const statuses = new Map([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [409, 'ABORTED'],
  [415, 'INVALID_ARGUMENT'],
  [429, 'RESOURCE_EXHAUSTED'],
  [500, 'INTERNAL'],
  [501, 'UNIMPLEMENTED'],
  [503, 'UNAVAILABLE'],
  [504, 'DEADLINE_EXCEEDED'],
]);

/** An answer of the management API other than success. */
export class GoogleError extends Error {
  override readonly name = 'GoogleError';
  readonly code: number;
  readonly status: string;
  readonly details: readonly object[];

  constructor(code: number, message: string, details: readonly object[] = [], status?: string) {
    super(message);
    this.code = code;
    this.status = status ?? statuses.get(code) ?? 'UNKNOWN';
    this.details = details;
  }

  body(): object {
    const { code, message, status, details } = this;
    return { error: { code, message, status, ...(details.length > 0 && { details }) } };
  }
}

/** Apigee's own error code is the violation's type; the status word says little (a duplicate key is ABORTED). */
export function violation(code: number, type: string, description: string, status?: string): GoogleError {
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.PreconditionFailure',
      violations: [{ type, subject: '[2001:db8::1]:4470', description }],
    },
    { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: String(randomInt(2 ** 47)) },
  ];
  return new GoogleError(code, description, details, status);
}

/** What Google answers before Apigee hears of a request whose body or query does not fit. */
export function badRequest(description: string): GoogleError {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ description }] }];
  return new GoogleError(400, description, details);
}

export const googlePage = (status: number): string =>
  `<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<title>Error ${status}</title>\n<p><b>${status}.</b> <ins>That’s an error.</ins>\n`;
