import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

export type Incoming = {
  method: string;
  /** As sent, without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
};
/** A header may be several of its name, as `set-cookie` is. */
export type Answer = { status: number; headers?: Record<string, string | string[]>; body?: string };
/** 'silence' leaves the caller waiting until the server closes; 'reset' cuts the connection. */
export type Reply = Answer | 'silence' | 'reset';
export type LoopbackServer = { url: string; close: () => Promise<void> };

const host = '127.0.0.1';

/** An HTTP server that only this machine can reach, on a port that the system chooses. */
export async function loopbackServer(serve: (incoming: Incoming) => Promise<Reply>): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    respond(request, response, serve).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('A TCP server has an address');
  }
  return {
    url: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  serve: (incoming: Incoming) => Promise<Reply>,
): Promise<void> {
  // A client that goes away ends its own request and nothing else.
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  const body = await buffer(request).catch(() => undefined);
  if (body === undefined) {
    return;
  }
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const reply = await serve({
    method: request.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: request.headers,
    body: body.toString('utf8'),
  });
  if (reply === 'reset') {
    request.socket.resetAndDestroy();
  } else if (reply !== 'silence') {
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }
}

export const jsonAnswer = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
  body: JSON.stringify(body),
});

export const htmlAnswer = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=UTF-8' },
  body,
});
