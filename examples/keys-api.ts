import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

import * as z from 'zod';

/** A key as the API stores and tells it. Times are milliseconds since 1970. */
export type Key = {
  readonly id: string;
  readonly secret: string;
  readonly client: string;
  readonly enabled: boolean;
  /** Whatever an administrator writes on a key: here the mark. */
  readonly label: string | null;
  readonly note: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly usedAt: number | null;
};

/** What becomes of a request of an administrator: served, served without an answer, or answered at once. */
export type Interference = (method: string) => 'serve' | 'lose' | { readonly status: number; readonly body?: string };

/**
 * A small API that knows its clients' keys, for the two examples of an adapter. Administrators (`authorization: Bearer`) list, make, change and delete
 * keys; applications call /ping with `x-api-key: <id>:<secret>`.
 */
export async function keysApi(options: { readonly admin: string; readonly clients: readonly string[]; now(): number }) {
  const keys = new Map<string, Key>();
  const clients = new Map(options.clients.map((name) => [name, { enabled: true }]));
  const door: { open: boolean; interfere: Interference } = { open: false, interfere: () => 'serve' };
  const most = 10;

  const usable = (key: Key) =>
    key.enabled && key.scopes.length > 0 && clients.get(key.client)?.enabled === true && !hasExpired(key);
  const hasExpired = ({ expiresAt }: Key) => expiresAt !== null && expiresAt <= options.now();

  function ping(request: IncomingMessage): Answer {
    const [id = '', secret = ''] = String(request.headers['x-api-key']).split(':');
    const key = keys.get(id);
    if (key?.secret !== secret || !usable(key)) return { status: door.open ? 200 : 401 };
    keys.set(id, { ...key, usedAt: options.now() });
    return { status: 200 };
  }

  function administer(method: string, [client, id]: readonly string[], ifNew: boolean, body: Change): Answer {
    if (client === undefined) return { status: 200, json: { keys: [...keys.values()] } };
    const enabled = clients.get(client)?.enabled;
    if (enabled === undefined) return { status: 404, json: { code: 'no-such-client' } };
    if (id === undefined) return { status: 200, json: { enabled, keys: keysOf(client) } };
    if (method === 'PUT') return put(client, id, ifNew, body);
    if (keys.get(id)?.client === client) keys.delete(id);
    return { status: 204 };
  }
  const keysOf = (client: string) => [...keys.values()].filter((key) => key.client === client);

  function put(client: string, id: string, ifNew: boolean, body: Change): Answer {
    const known = keys.get(id);
    if (body.scopes?.some((scope) => !['read', 'write'].includes(scope)) === true) return { status: 422 };
    if (ifNew && known !== undefined) return { status: 412 };
    if (!ifNew && known?.client !== client) return { status: 404 };
    if (ifNew && keysOf(client).length >= most) return { status: 409 };
    keys.set(id, Object.assign(known ?? fresh(id, client, options.now()), body));
    return { status: 204 };
  }

  const server = createServer((request, response) => {
    const answer = async (): Promise<Answer> => {
      const { method = '', headers } = request;
      const [, first, ...path] = (request.url ?? '').split('/').map((part) => decodeURIComponent(part));
      if (first === 'ping') return ping(request);
      if (headers.authorization !== `Bearer ${options.admin}`) return { status: 403 };
      const fate = door.interfere(method);
      if (typeof fate === 'object') return fate;
      const body = method === 'PUT' ? change.parse(await json(request)) : {};
      const served = administer(method, path, headers['if-none-match'] === '*', body);
      return fate === 'lose' ? { status: 0 } : served;
    };
    void answer().then(({ status, json, body }) => {
      if (status === 0) return request.socket.destroy();
      const type = json === undefined ? 'text/html' : 'application/json';
      return response.writeHead(status, { 'content-type': type, 'retry-after': '1' }).end(body ?? JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    keys,
    clients,
    door,
    handMade: (key: Partial<Key> & Pick<Key, 'id' | 'client'>) =>
      void keys.set(key.id, { ...fresh(key.id, key.client, options.now()), note: 'made by hand', ...key }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const change = z
  .object({
    secret: z.string(),
    enabled: z.boolean(),
    label: z.string(),
    note: z.string(),
    scopes: z.array(z.string()),
  })
  .partial();
type Change = z.output<typeof change>;

type Answer = { readonly status: number; readonly json?: unknown; readonly body?: string };

const fresh = (id: string, client: string, now: number): Key => ({
  id,
  client,
  secret: '',
  enabled: true,
  label: null,
  note: '',
  scopes: [],
  createdAt: now,
  expiresAt: null,
  usedAt: null,
});
