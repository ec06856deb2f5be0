import type { ApigeeError } from './apigee-error.ts';
import { type Answer, jsonAnswer } from './loopback-server.ts';

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

/** An error of X and hybrid. */
export function googleError(error: ApigeeError, requestId: string): Answer {
  const { status: code, message } = error;
  const status = error.google === 'failed-precondition' ? 'FAILED_PRECONDITION' : (statuses.get(code) ?? 'UNKNOWN');
  const details = detailsOf(error, requestId);
  const realm = 'Bearer realm="https://accounts.google.com/"';
  return jsonAnswer(
    code,
    { error: { code, message, status, ...(details.length > 0 && { details }) } },
    code === 401 ? { 'www-authenticate': realm } : {},
  );
}

/** Apigee's own error code is the violation's type; the status word says little (a duplicate key is ABORTED). */
function detailsOf({ code, message, google }: ApigeeError, requestId: string): object[] {
  if (google === 'bad-request') {
    // What Google answers before Apigee hears of a request whose body or query does not fit.
    const fieldViolations = [{ description: message }];
    return [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations }];
  }
  if (code === undefined) {
    return [];
  }
  return [
    {
      '@type': 'type.googleapis.com/google.rpc.PreconditionFailure',
      violations: [{ type: code, subject: '[2001:db8::1]:4470', description: message }],
    },
    { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId },
  ];
}

export const googlePage = (status: number): string =>
  `<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<title>Error ${status}</title>\n<p><b>${status}.</b> <ins>That’s an error.</ins>\n`;
