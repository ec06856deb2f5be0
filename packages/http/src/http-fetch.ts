import { PermanentError } from '@keyturn/rotation/errors';

import type { HttpOptions } from './http-exchange.ts';
import { permittedUrl } from './permitted-url.ts';
import { respond as overNetwork } from './respond.ts';

type Init = { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: unknown };

/**
 * A `fetch` for a client of others that posts forms and reads JSON or text: the same way to the host, the same errors as `send`, without its
 * retries. Any status is an answer, a redirect too, which is not followed. The call ends by `timeoutMs`, not by the client's signal.
 */
export function httpFetch(
  operation: string,
  options: Omit<HttpOptions, 'clock' | 'random' | 'retries'>,
): (url: string | URL, init?: Init) => Promise<Response> {
  return async (to, init = {}) => {
    const { origin, pathname } = new URL(to);
    const { body } = init;
    if (typeof body !== 'string' && body !== undefined) {
      throw new PermanentError('unsupported', `${operation}: only a form can be sent`, { field: 'body' });
    }
    const form = body === undefined ? undefined : Object.fromEntries(new URLSearchParams(body));
    const request = {
      operation,
      method: 'POST',
      baseUrl: origin,
      path: pathname,
      ...(init.headers !== undefined && { headers: init.headers }),
      ...(form !== undefined && { body: { form } }),
      idempotent: false,
    } as const;
    const { respond = overNetwork } = options;
    const { status, headers, text } = await respond(request, permittedUrl(request, options.allowHttp), options);
    return new Response(text === '' ? null : text, {
      status,
      headers: new Headers(Object.entries(headers).map(textual)),
    });
  };
}

function textual([name, value]: [string, unknown]): [string, string] {
  return [name, Array.isArray(value) ? value.join(', ') : String(value)];
}
