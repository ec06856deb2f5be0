import type { Serve } from '@keyturn/apigee-simulator/apigee-world';
import type { Reply } from '@keyturn/apigee-simulator/loopback-server';
import { TransientError } from '@keyturn/rotation/errors';

import type { Reach } from './lab-provider.ts';

type Way = { readonly name: string; readonly reach: Reach; readonly serve: Serve };

/** What the SDK hands to whoever carries its requests, as far as it matters. */
type Sent = {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** For a client of the SDK: carries its requests to what serves them in this process, one `reach` each. They are named by method and kind, never with ids. */
export function sdkInProcess({ name, reach, serve }: Way) {
  return {
    async handle(sent: Sent) {
      const { method, path } = sent;
      const lower = Object.entries(sent.headers).map(([header, value]): [string, string] => [
        header.toLowerCase(),
        value,
      ]);
      const incoming = {
        method,
        path,
        query: new URLSearchParams(
          Object.entries(sent.query ?? {}).flatMap(([key, value]) =>
            value === null ? [] : [value].flat().map((one): [string, string] => [key, one]),
          ),
        ),
        headers: Object.fromEntries(lower),
        body: bodyText(sent.body),
      };
      return reach(`${name} ${method} ${kindOf(path)}`, async () => ({ response: answered(await serve(incoming)) }));
    },
  };
}

/** `/usageplans/abc/keys` → `usageplans/_/keys`. */
const kindOf = (path: string): string =>
  path
    .split('/')
    .slice(1)
    .map((part, index) => (index % 2 === 0 ? part : '_'))
    .join('/');

function bodyText(body: unknown): string {
  if (body === undefined || body === null) return '';
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  throw new Error('The SDK sends a body of another kind');
}

function answered(reply: Reply) {
  if (typeof reply === 'string') throw new TransientError('No answer');
  const { status, headers = {}, body = '' } = reply;
  return { statusCode: status, headers: { ...headers }, body: Buffer.from(body) };
}
