import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request as it came over the wire. `operation`: of AWS's JSON protocol, else method and path. */
export type Received = {
  readonly operation: string;
  readonly host: string;
  readonly text: string;
  readonly body: unknown;
};

export type LoopbackAnswer =
  | { readonly status?: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status?: number; readonly html: string }
  | 'hang-up';

export type LoopbackAws = {
  readonly endpoint: string;
  readonly received: readonly Received[];
  stop(): Promise<void>;
};

/** A server on loopback that answers as it is told: what an adapter sends and how it reads answers is tested against it. */
export async function loopbackAws(answer: (request: Received) => LoopbackAnswer): Promise<LoopbackAws> {
  const received: Received[] = [];
  const server = createServer((incoming, outgoing) => {
    void readRequest(incoming).then((request) => {
      received.push(request);
      const reply = answer(request);
      if (reply === 'hang-up') return incoming.socket.destroy();
      const headers = 'json' in reply ? { 'content-type': 'application/x-amz-json-1.1', ...reply.headers } : {};
      outgoing.writeHead(reply.status ?? 200, headers);
      return outgoing.end('json' in reply ? JSON.stringify(reply.json) : reply.html);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    received,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readRequest(incoming: IncomingMessage): Promise<Received> {
  const body = await text(incoming);
  const target = incoming.headers['x-amz-target'];
  return {
    operation: typeof target === 'string' ? (target.split('.').at(-1) ?? '') : `${incoming.method} ${incoming.url}`,
    host: incoming.headers.host ?? '',
    text: body,
    body: parseBody(body),
  };
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
