import type { Reply, Incoming } from '@keyturn/apigee-simulator/loopback-server';
import type { Serve } from '@keyturn/apigee-simulator/apigee-world';
import type { HttpRequest, RawAnswer, Respond } from '@keyturn/http/http-exchange';
import { outgoing } from '@keyturn/http/outgoing';
import type { Clock } from '@keyturn/rotation/clock';
import { TransientError } from '@keyturn/rotation/errors';

import type { Reach } from './lab-provider.ts';

type Way = {
  readonly reach: Reach;
  /** Of who answers. */
  readonly clock: Clock;
  /** By host: the name in `reach`, and what answers there. */
  readonly hosts: Readonly<Record<string, { readonly name: string; readonly serve: Serve }>>;
};

/**
 * Carries calls to what serves them in this process: one `reach` each, and every effect of a call comes while `run` is called. What goes over and what comes
 * back is what a socket would have carried.
 */
export function callInProcess({ reach, clock, hosts }: Way): Respond {
  return async (request, url) => {
    const called = hosts[url.host];
    if (called === undefined) throw new Error(`Nobody in the lab answers at ${url.host}`);
    const incoming = received(request, url);
    return reach(`${called.name} ${request.method} ${request.operation}`, async () =>
      answered(await called.serve(incoming), { request, url, clock }),
    );
  };
}

function received(request: HttpRequest, url: URL): Incoming {
  const { headers, data } = outgoing(request);
  const lower = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: { ...Object.fromEntries(lower), host: url.host },
    body: data?.toString() ?? '',
  };
}

type Call = { readonly request: HttpRequest; readonly url: URL; readonly clock: Clock };

function answered(reply: Reply, { request, url, clock }: Call): RawAnswer {
  if (typeof reply === 'string') {
    const code = reply === 'reset' ? 'ECONNRESET' : 'ETIMEDOUT';
    throw new TransientError(`${request.operation} at ${url.host}: no answer (${code})`);
  }
  const { status, headers, body = '' } = reply;
  return { status, headers: { date: new Date(clock.now()).toUTCString(), ...headers }, text: body };
}
