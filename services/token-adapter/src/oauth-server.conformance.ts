import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

import { Provider, type AdapterPayload } from 'oidc-provider';

type Stored = Map<string, AdapterPayload>;

export type OAuthServer = {
  readonly url: string;
  /** What registers clients (RFC 7591), and what the admin API wants. */
  readonly token: string;
  readonly clients: () => readonly AdapterPayload[];
  /** As a person registers one: id, secret, and what manages this client alone (RFC 7592). */
  register(
    name: string,
    as?: typeof metadata,
  ): Promise<{ readonly clientId: string; readonly secret: string; readonly accessToken: string }>;
  /** The answer to the next request of this method is lost. */
  lose(method: string): void;
  close(): Promise<void>;
};

/**
 * For tests: the real oidc-provider with dynamic registration, where an update issues a new secret (RFC 7592, 2.2), and beside it what the standard does
 * not have: an admin API that lists, renames and deletes clients, as Ory Hydra has one.
 */
export async function oauthServer(): Promise<OAuthServer> {
  const token = 'initial-access-token-canary-5f0c';
  const models = new Map<string, Stored>();
  const storeOf = (name: string) => {
    const store = models.get(name) ?? new Map<string, AdapterPayload>();
    models.set(name, store);
    return store;
  };
  let issued = 0;
  const newSecret = () => `client-secret-${(issued += 1)}-c3b1f0a97e2d4468`;
  let lost: string | undefined;
  let callback: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async () => undefined;
  const server = createServer((request, response) => {
    const isLost = request.method === lost;
    if (isLost) {
      lost = undefined;
      response.end = (() => request.socket.resetAndDestroy()) as never;
    }
    const admin = request.url?.startsWith('/admin/clients') === true;
    const serving = admin
      ? administer(request, response, { clients: storeOf('Client'), token })
      : callback(request, response);
    serving.catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has an address');
  const url = `http://127.0.0.1:${address.port}`;
  const provider = new Provider(url, {
    adapter: adapterOver(storeOf),
    scopes: ['orders.read', 'orders.write'],
    cookies: { keys: ['test'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      registration: {
        enabled: true,
        initialAccessToken: token,
        idFactory: () => `client-${(issued += 1)}-7d20c1b85f3e`,
        secretFactory: newSecret,
        policies: {
          'new-secret': (_, properties) => {
            properties.client_secret = newSecret();
          },
        },
      },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: false },
    },
  });
  const handle = provider.callback();
  callback = async (request, response) => {
    await handle(request, response);
  };

  return {
    url,
    token,
    clients: () => [...storeOf('Client').values()],
    async register(name, as = metadata) {
      const answer = await fetch(`${url}/reg`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...as, client_name: name }),
      });
      const made = (await answer.json()) as Record<string, string>;
      for (const payload of storeOf('RegistrationAccessToken').values()) payload['policies'] ??= ['new-secret'];
      return {
        clientId: made['client_id'] ?? '',
        secret: made['client_secret'] ?? '',
        accessToken: made['registration_access_token'] ?? '',
      };
    },
    lose(method) {
      lost = method;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const metadata = {
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
  scope: 'orders.read',
};

function adapterOver(storeOf: (name: string) => Stored) {
  return (name: string) => {
    const store = storeOf(name);
    const find = async (id: string) => structuredClone(store.get(id));
    return {
      upsert: async (id: string, payload: AdapterPayload) => void store.set(id, structuredClone(payload)),
      find,
      findByUid: find,
      findByUserCode: find,
      consume: async () => undefined,
      destroy: async (id: string) => void store.delete(id),
      revokeByGrantId: async () => undefined,
    };
  };
}

async function administer(
  request: IncomingMessage,
  response: ServerResponse,
  { clients, token }: { readonly clients: Stored; readonly token: string },
): Promise<void> {
  const body = await text(request);
  const answer = (status: number, json?: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(json === undefined ? undefined : JSON.stringify(json));
  };
  if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: 'invalid_token' });
  const id = decodeURIComponent(request.url?.split('/')[3] ?? '');
  if (id === '') {
    const shown = [...clients.values()].map((client) =>
      Object.assign(structuredClone(client), { client_secret: undefined }),
    );
    return answer(200, shown);
  }
  const client = clients.get(id);
  if (client === undefined) return answer(404, { error: 'not_found' });
  if (request.method === 'DELETE') clients.delete(id);
  else clients.set(id, { ...client, ...(JSON.parse(body) as AdapterPayload) });
  return request.method === 'DELETE' ? answer(204) : answer(200, clients.get(id));
}
