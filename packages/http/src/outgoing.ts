import { PermanentError } from '@keyturn/rotation/errors';

import type { HttpBody, HttpRequest } from './http-exchange.ts';
import { userAgent } from './user-agent.ts';

export type Outgoing = {
  /** Names as they were given; those that we add are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Buffer | undefined;
};

/** What goes to the other side besides method and URL. PermanentError('misconfigured') where a header cannot be sent as it is. */
export function outgoing(request: HttpRequest): Outgoing {
  const body = encode(request.body);
  refuseUnsendable(request);
  return {
    headers: {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(body !== undefined && { 'content-type': body.contentType }),
      ...request.headers,
    },
    data: body?.data,
  };
}

// axios would leave such characters out, and send another key than it was given.
function refuseUnsendable({ operation, headers = {} }: HttpRequest): void {
  const [name] = Object.entries(headers).find(([, value]) => !/^[\x20-\x7e]*$/.test(value)) ?? [];
  if (name === undefined) return;
  throw new PermanentError('misconfigured', `${operation}: a header cannot hold such characters`, { field: name });
}

// A buffer, because axios drops the content type of a body that is an empty string.
function encode(body: HttpBody | undefined): { contentType: string; data: Buffer } | undefined {
  if (body === undefined) return undefined;
  if ('json' in body) return { contentType: 'application/json', data: Buffer.from(JSON.stringify(body.json)) };
  if ('empty' in body) return { contentType: body.empty, data: Buffer.alloc(0) };
  const form = new URLSearchParams(body.form).toString();
  return { contentType: 'application/x-www-form-urlencoded', data: Buffer.from(form) };
}
