import { ApigeeError } from './apigee-error.ts';
import type { Incoming } from './loopback-server.ts';

export const contentTypeOf = ({ headers }: Incoming): string | undefined =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();

/**
 * Whether a request that may be an approval or a revocation is one; throws when it is one in the wrong form. `orBody`: without an action, it
 * is a request with a body of its own.
 */
export function actionSent(incoming: Incoming, orBody: boolean): boolean {
  const octets = contentTypeOf(incoming) === 'application/octet-stream';
  const action = incoming.query.get('action');
  if (action === null) {
    if (octets || !orBody) {
      throw new ApigeeError(400, 'The query parameter action is approve or revoke');
    }
    return false;
  }
  if (!octets) {
    throw new ApigeeError(415, 'With action, Content-Type is application/octet-stream');
  }
  if (incoming.body !== '') {
    throw new ApigeeError(400, 'With action, the body is empty');
  }
  if (action !== 'approve' && action !== 'revoke') {
    throw new ApigeeError(400, 'The query parameter action is approve or revoke');
  }
  return true;
}

/** The JSON of a body. Throws when it is something else. */
export function jsonSent(incoming: Incoming): unknown {
  if (contentTypeOf(incoming) !== 'application/json') {
    throw new ApigeeError(415, 'The body of this request is application/json');
  }
  try {
    return JSON.parse(incoming.body);
  } catch {
    throw new ApigeeError(400, 'Invalid JSON payload received. Unexpected token.', { google: 'bad-request' });
  }
}
