import { request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';

import { serverIdentity } from './private-authority.ts';

export type LoopbackTls = {
  readonly url: string;
  /** How many were made so far. */
  readonly connections: () => number;
  close(): Promise<void>;
};

/** For tests: TLS, with a certificate of the private authority, in front of a server on loopback. */
export async function loopbackTls(behind: string): Promise<LoopbackTls> {
  let connections = 0;
  const server = createServer(serverIdentity, (request, response) => {
    pass(request, response, new URL(request.url ?? '/', behind));
  });
  server.on('secureConnection', () => {
    connections += 1;
  });
  return {
    url: `https://127.0.0.1:${await listenOnLoopback(server)}`,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The request as it came, to somebody else; what is for a proxy stays there. */
export function pass(request: IncomingMessage, response: ServerResponse, to: URL): void {
  const { 'proxy-authorization': _, ...headers } = request.headers;
  const onward = httpRequest(to, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

export async function listenOnLoopback(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has an address');
  return address.port;
}
