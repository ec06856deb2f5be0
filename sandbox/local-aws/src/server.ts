import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { SecretsManagerRefusal } from '@keyturn/aws/secrets-manager-refusal';

import { toWire, type Operations } from './operation.ts';
import type { Route } from './rest.ts';
import { ServiceError } from './service-error.ts';

export type Services = {
  /** By the prefix of x-amz-target. */
  readonly json: Readonly<Record<string, Operations>>;
  readonly rest: readonly Route[];
  /** Takes a DynamoDB request as it is. */
  readonly dynamo: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onBug: (error: unknown) => void;
};

export type Listening = { readonly url: string; readonly port: number; close(): Promise<void> };

const maxBytes = 16 * 1024 * 1024;

/** One HTTP endpoint for all services. It listens on loopback alone: it knows no users. */
export async function serve(services: Services, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    void answer(services, request, response);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const bound = address !== null && typeof address === 'object' ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(services: Services, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    checkOrigin(request);
    const target = header(request, 'x-amz-target');
    if (target?.startsWith('DynamoDB_') === true) return services.dynamo(request, response);
    const call = { signal: goneSignal(response), account: accountOf(request) };
    const body = await readBody(request);
    if (target === undefined) {
      const route = services.rest.find((candidate) => candidate.matches(request));
      if (route === undefined) throw unknownOperation(`${request.method} ${request.url}`, 404);
      const { status, headers, text } = await route.answer(request, body, call);
      return send(response, status, text, { 'content-type': 'application/json', ...headers });
    }
    const [prefix = '', name = ''] = target.split('.');
    const operations = services.json[prefix] ?? {};
    if (!Object.hasOwn(operations, name)) throw unknownOperation(target);
    const output = await operations[name]?.(parseJson(body), call);
    return send(response, 200, JSON.stringify(toWire(output ?? {})), { 'content-type': jsonType(request) });
  } catch (error) {
    return sendError(services, request, response, error);
  }
}

/** A page in a browser can neither sign a request nor choose its Host: it must not reach the functions here. */
function checkOrigin(request: IncomingMessage): void {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (host !== '127.0.0.1' && host !== 'localhost') {
    throw new ServiceError('AccessDeniedException', 'Only 127.0.0.1 is served.', { status: 403 });
  }
  const local = request.url?.startsWith('/_local/') === true && request.method === 'GET';
  if (!local && !(request.headers.authorization ?? '').startsWith('AWS4-')) {
    throw new ServiceError('MissingAuthenticationTokenException', 'The request is not signed.', { status: 403 });
  }
}

const accountOf = (request: IncomingMessage): string | undefined =>
  / Credential=(\d{12})\//.exec(request.headers.authorization ?? '')?.[1];

const unknownOperation = (name: string, status = 400) =>
  new ServiceError('UnknownOperationException', `local-aws does not know ${name}.`, { status });

const jsonType = (request: IncomingMessage) => header(request, 'content-type') ?? 'application/x-amz-json-1.1';

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const incoming: AsyncIterable<Buffer> = request;
  for await (const bytes of incoming) {
    size += bytes.length;
    if (size > maxBytes)
      throw new ServiceError('RequestEntityTooLargeException', 'The request is too long.', { status: 413 });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

export function parseJson(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch {
    throw new ServiceError('SerializationException', 'The request is not JSON.');
  }
}

function sendError(services: Services, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof ServiceError || error instanceof SecretsManagerRefusal;
  if (!known) services.onBug(error);
  if (response.headersSent) return void response.destroy();
  const name = known ? error.name : 'InternalServiceError';
  const message = known ? error.message : 'local-aws failed; its log says why.';
  const status = known ? (error instanceof ServiceError ? error.status : 400) : 500;
  const queryName = error instanceof ServiceError ? error.queryName : undefined;
  return send(response, status, JSON.stringify({ __type: name, message, Message: message }), {
    'content-type': jsonType(request),
    'x-amzn-errortype': name,
    ...(queryName === undefined ? {} : { 'x-amzn-query-error': `${queryName};Sender` }),
  });
}

function send(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, {
    ...headers,
    'content-length': String(Buffer.byteLength(text)),
    'x-amzn-requestid': crypto.randomUUID(),
  });
  response.end(text);
}
