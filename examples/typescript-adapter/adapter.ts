import type { KeyStore } from '@keyturn/credential-provider/key-store';
import { keyStoreProvider } from '@keyturn/credential-provider/key-store-provider';
import { serveIssue, serveRetire } from '@keyturn/credential-provider/serve-provider';
import type { HttpOptions, HttpRequest } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';
import * as z from 'zod';

export type Options = {
  readonly url: string;
  /** Reads what the adapter authenticates with; from a secret of its own. */
  readonly admin: () => Promise<string>;
  readonly newText: () => string;
  readonly http: HttpOptions;
};

const key = z.object({
  id: z.string(),
  secret: z.string(),
  client: z.string(),
  enabled: z.boolean(),
  label: z.string().nullable(),
  note: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.number(),
  expiresAt: z.number().nullable(),
  usedAt: z.number().nullable(),
});
const listing = z.object({ enabled: z.boolean().default(true), keys: z.array(key) });

const refusals: ReadonlyMap<number, readonly [Reason, string]> = new Map([
  [403, ['access-denied', 'adminSecret']],
  [404, ['target-missing', 'target']],
  [409, ['quota', 'target']],
  [422, ['misconfigured', 'entitlements']],
]);

/** The two functions of an adapter for examples/keys-api.ts, whose clients are the targets. */
export function adapter({ url, admin, newText, http }: Options) {
  async function call(operation: string, request: Pick<HttpRequest, 'method' | 'path' | 'headers' | 'body'>) {
    const headers = { authorization: `Bearer ${await admin()}`, ...request.headers };
    const answer = await send({ operation, baseUrl: url, idempotent: true, ...request, headers }, http);
    // 412: it exists already.
    if (answer.status < 400 || answer.status === 412) return answer;
    const [reason, field] = refusals.get(answer.status) ?? (['provider-refused', operation] as const);
    throw new PermanentError(reason, answer.summary, { field });
  }
  const pathOf = (client: string, id: string) => `/keys/${client}/${encodeURIComponent(id)}`;

  async function keys(client?: string) {
    const path = client === undefined ? '/keys' : `/keys/${client}`;
    const { enabled, keys } = parseAnswer(await call('read the keys', { method: 'GET', path }), listing);
    return keys.map((one) => {
      const usable = enabled && (one.expiresAt ?? Infinity) > http.clock.now();
      return {
        keyId: one.id,
        secret: one.secret,
        target: one.client,
        state: !one.enabled ? ('disabled' as const) : usable ? ('enabled' as const) : ('unusable' as const),
        mark: one.label ?? undefined,
        entitlements: one.scopes,
        issuedAt: one.createdAt,
        lastUsedAt: one.usedAt ?? undefined,
        note: one.note,
      };
    });
  }

  const store: KeyStore = {
    capabilities: { lastUsed: true, propagationMs: 0, revocationMs: 0 },
    target: /^[a-z0-9-]{1,40}$/,
    keys,
    find: async (keyId) => (await keys()).find((one) => one.keyId === keyId),
    async create(client, { keyId, secret, mark, entitlements: scopes, like }) {
      const note = (await keys(client)).find((one) => one.keyId === like)?.note ?? '';
      const json = { secret, label: mark, scopes, note };
      const headers = { 'if-none-match': '*' };
      await call('make the key', { method: 'PUT', path: pathOf(client, keyId), headers, body: { json } });
    },
    async change(client, keyId, { mark: label, entitlements: scopes, enabled }) {
      const json = { label, scopes, enabled };
      await call('change the key', { method: 'PUT', path: pathOf(client, keyId), body: { json } });
    },
    async delete(client, keyId) {
      await call('delete the key', { method: 'DELETE', path: pathOf(client, keyId) });
    },
    async refused(_client, { keyId, secret }) {
      const headers = { 'x-api-key': `${keyId.reveal()}:${secret.reveal()}` };
      const ping = { method: 'GET', baseUrl: url, path: '/ping', headers, idempotent: true } as const;
      const { status } = await send({ operation: 'use the key', ...ping, freshConnection: true }, http);
      return status === 200 ? undefined : { outcome: 'rejected', code: `http.${status}`, final: false };
    },
    newText,
  };
  const provider = keyStoreProvider(store);
  return { issue: serveIssue(provider), retire: serveRetire(provider) };
}
