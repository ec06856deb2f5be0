import { appOperations } from './app-operations.ts';
import { appSearch } from './app-search.ts';
import type { AccessTokens } from './access-tokens.ts';
import { type Access, authenticate } from './authenticate.ts';
import { developerOperations } from './developer-operations.ts';
import { type Operation, operationOf, queryFault } from './discovery.ts';
import { badRequest, GoogleError, googlePage } from './google-error.ts';
import { keyOperations } from './key-operations.ts';
import { keyProductOperations } from './key-product-operations.ts';
import { type Answer, htmlAnswer, type Incoming, jsonAnswer } from './loopback-server.ts';
import type { Call, World } from './management-call.ts';
import { bodyFault } from './schema-check.ts';
import type { Served } from './surface.ts';

/** The management API: the discovery document decides what is a request at all, the operations what it does. */
export function management(world: World, tokens: AccessTokens): (incoming: Incoming) => Served {
  const operations = {
    ...developerOperations(world),
    ...appOperations(world),
    ...appSearch(world),
    ...keyOperations(world),
    ...keyProductOperations(world),
  };

  function perform(operation: Operation, call: Call): Answer {
    const perform = operations[operation.id];
    if (perform === undefined) {
      throw new GoogleError(501, `The simulator does not know ${operation.id}`);
    }
    const answer = perform(call);
    const fault = answer.body && bodyFault(operation.response, JSON.parse(answer.body), 'answer');
    if (fault) {
      throw new Error(`The simulator's own answer to ${operation.id} breaks the discovery document: ${fault}`);
    }
    return answer;
  }

  return (incoming) => {
    const match = operationOf(incoming.method, incoming.path);
    if (match === undefined) {
      return { answer: htmlAnswer(404, googlePage(404)) };
    }
    const { operation, params } = match;
    const served: Served = { answer: { status: 500 }, operation: operation.id };
    try {
      assertAccess(authenticate(incoming, tokens), params.get('organizationsId') ?? '', world.org.name);
      served.fits = false;
      const body = sentBody(operation, incoming);
      served.fits = true;
      served.answer = perform(operation, { params, query: incoming.query, body });
    } catch (error) {
      if (!(error instanceof GoogleError)) {
        throw error;
      }
      served.answer = errorAnswer(error);
    }
    return served;
  };
}

export function errorAnswer(error: GoogleError): Answer {
  const realm = 'Bearer realm="https://accounts.google.com/"';
  return jsonAnswer(error.code, error.body(), error.code === 401 ? { 'www-authenticate': realm } : {});
}

/** Permission comes before existence: another organization is forbidden, not unknown. */
function assertAccess(access: Access, sent: string, organization: string): void {
  if (access === 'unknown') {
    throw new GoogleError(401, 'Request had invalid authentication credentials. Expected OAuth 2 access token.');
  }
  if (access === 'no-permission' || sent !== organization) {
    throw new GoogleError(403, `Permission denied on resource "organizations/${sent}" (or it may not exist)`);
  }
}

function sentBody(operation: Operation, incoming: Incoming): unknown {
  const fault = queryFault(operation, incoming.query);
  if (fault !== undefined) {
    throw badRequest(fault);
  }
  const type = (incoming.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (incoming.method === 'POST' && operation.query.has('action') && actionSent(operation, incoming, type)) {
    return {};
  }
  if (incoming.body === '') {
    return {};
  }
  if (operation.request === undefined) {
    throw badRequest('Invalid JSON payload received. The request has no body.');
  }
  if (type !== 'application/json') {
    throw new GoogleError(415, 'The body of this request is application/json');
  }
  const body = parsed(incoming.body);
  const wrong = bodyFault(operation.request, body, 'request');
  if (wrong !== undefined) {
    throw badRequest(wrong);
  }
  return body;
}

/** Whether this is an approval or a revocation; throws when it is one in the wrong form. */
function actionSent(operation: Operation, { query, body }: Incoming, type: string | undefined): boolean {
  const octets = type === 'application/octet-stream';
  const action = query.get('action');
  if (action === null) {
    if (octets || operation.request === undefined) {
      throw new GoogleError(400, 'The query parameter action is approve or revoke');
    }
    return false;
  }
  if (!octets) {
    throw new GoogleError(415, 'With action, Content-Type is application/octet-stream');
  }
  if (body !== '') {
    throw new GoogleError(400, 'With action, the body is empty');
  }
  if (action !== 'approve' && action !== 'revoke') {
    throw new GoogleError(400, 'The query parameter action is approve or revoke');
  }
  return true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('Invalid JSON payload received. Unexpected token.');
  }
}
