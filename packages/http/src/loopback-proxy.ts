import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

import { listenOnLoopback, pass } from './loopback-tls.ts';
import { serverIdentity } from './private-authority.ts';

export type Asked = {
  /** CONNECT, or the method of a forwarded call. */
  readonly method: string;
  /** host:port of a tunnel, the whole URL of a forwarded call. */
  readonly target: string;
  readonly authorization: string | undefined;
};

export type LoopbackProxy = {
  readonly url: string;
  readonly asked: readonly Asked[];
  readonly manners: Manners;
  close(): Promise<void>;
};

/** What it does from now on. */
type Manners = {
  /** Every call is answered with that status, never answered, or cut. */
  whim?: number | 'hang' | 'cut';
  /** The header that it insists on. */
  credentials?: string;
};

type Options = {
  /** `host:port` as asked for → the URL of a server on loopback. No other host is known. */
  readonly hosts: Readonly<Record<string, string>>;
  /** The proxy itself speaks TLS. */
  readonly secure?: boolean;
};

/** For tests: an HTTP proxy that knows the names of a network of its own. */
export async function loopbackProxy({ hosts, secure = false }: Options): Promise<LoopbackProxy> {
  const asked: Asked[] = [];
  const sockets = new Set<Duplex>();
  const manners: Manners = {};

  const decide = (one: Asked, host: string): Decision => {
    asked.push(one);
    if (manners.whim !== undefined) return manners.whim;
    if (manners.credentials !== undefined && one.authorization !== manners.credentials) return 407;
    const known = hosts[host];
    return known === undefined ? 502 : new URL(known);
  };
  const server = secure ? createTlsServer(serverIdentity) : createServer();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => forward(request, response, decide));
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.add(socket);
    tunnel(request, socket, head, decide);
  });
  return {
    url: `${secure ? 'https' : 'http'}://127.0.0.1:${await listenOnLoopback(server)}`,
    asked,
    manners,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The status of a refusal, or where the call goes. */
type Decision = number | 'hang' | 'cut' | URL;
type Decide = (one: Asked, host: string) => Decision;

function tunnel({ url = '', headers }: IncomingMessage, socket: Duplex, head: Buffer, decide: Decide): void {
  const authorization = headers['proxy-authorization'];
  socket.on('error', () => socket.destroy());
  const decision = decide({ method: 'CONNECT', target: url, authorization }, url);
  if (decision === 'hang') return;
  if (decision === 'cut') socket.destroy();
  // It keeps the connection after a refusal, as some do.
  else if (typeof decision === 'number') socket.write(`HTTP/1.1 ${decision} No\r\nx-echo: ${authorization}\r\n\r\n`);
  else {
    const onward = connect(Number(decision.port), decision.hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  }
}

function forward(request: IncomingMessage, response: ServerResponse, decide: Decide): void {
  const { method = '', url: target = '', headers } = request;
  const { host, pathname, search } = new URL(target);
  const decision = decide(
    { method, target, authorization: headers['proxy-authorization'] },
    host.includes(':') ? host : `${host}:80`,
  );
  if (decision === 'hang') return;
  if (decision === 'cut') request.socket.destroy();
  else if (typeof decision === 'number') response.writeHead(decision).end('the proxy says no');
  else pass(request, response, new URL(pathname + search, decision));
}
