import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export type Received = {
  readonly method: string;
  /** As sent, query included. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Counts connections, from 1. */
  readonly connection: number;
};

/** `hang`: never answered. `drip`: bytes keep coming and never end. `reset`: the connection is cut. */
export type Reply =
  | 'hang'
  | 'drip'
  | 'reset'
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string | string[]>>;
      readonly body?: string | Buffer;
    };

export type LoopbackServer = {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
};

/** For tests: a server that only this machine reaches. `reply` sees each request and how many came before it. */
export async function loopbackServer(
  reply: (request: Received, earlier: number) => Reply | Promise<Reply>,
): Promise<LoopbackServer> {
  const received: Received[] = [];
  let connections = 0;
  const numbers = new WeakMap<object, number>();

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const connection = numbers.get(request.socket) ?? 0;
    const one = { method, url, headers, body: await text(request), connection };
    const answer = await reply(one, received.push(one) - 1);
    if (answer === 'hang') return;
    if (answer === 'drip') {
      const drops = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(drops));
      return;
    }
    if (answer === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const server = createServer((request, response) => {
    // A caller that goes away ends its own request and nothing else.
    serve(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    connections += 1;
    numbers.set(socket, connections);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has an address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
