import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';

import type { HttpAnswer, HttpOptions, HttpRequest, RawAnswer } from './http-exchange.ts';
import { permittedUrl } from './permitted-url.ts';
import { respond as overNetwork } from './respond.ts';
import { retryAfterMs } from './retry-after.ts';

const firstPauseMs = 200;
/** A call that would have to pause longer than this ends, and its caller waits instead. */
const longestPauseMs = 10_000;

/**
 * One call, retried where it is idempotent and the failure may pass. Ends with an answer (2xx, 4xx but 408 and 429), with a TransientError (no
 * answer, 408, 429, 5xx, a proxy in trouble) or with a PermanentError: provider-answer (a redirect, an endless answer), misconfigured (a URL that
 * may not be called, a certificate that is not trusted, a proxy that refuses), access-denied (the proxy wants other credentials). The errors say
 * operation, host, proxy, status or code and request id, and nothing else of request and answer.
 */
export async function send(request: HttpRequest, options: HttpOptions): Promise<HttpAnswer> {
  const { clock, random, retries = 3 } = options;
  const url = permittedUrl(request, options.allowHttp);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await exchange(request, url, options);
    } catch (error) {
      if (!(error instanceof TransientError) || !request.idempotent || attempt >= retries) throw error;
      const pauseMs = error.retryAfterMs ?? random() * Math.min(firstPauseMs * 2 ** attempt, longestPauseMs);
      if (pauseMs > longestPauseMs) throw error;
      await clock.sleep(pauseMs);
    }
  }
}

async function exchange(request: HttpRequest, url: URL, options: HttpOptions): Promise<HttpAnswer> {
  const { respond = overNetwork } = options;
  const { status, headers, text } = await respond(request, url, options);
  const requestId = requestIdOf(headers);
  const proxy = options.network?.proxyOf(url);
  const at = proxy === undefined ? url.host : `${url.host} through the proxy ${proxy.url.host}`;
  const summary = `${request.operation} at ${at}: ${status}${requestId === undefined ? '' : `, request ${requestId}`}`;
  if (status === 408 || status === 429 || status >= 500) {
    throw new TransientError(summary, { retryAfterMs: retryAfterMs(headers['retry-after'], options.clock.now()) });
  }
  if (isNoAnswer(status, request)) {
    throw new PermanentError('provider-answer', `${summary}: redirects are not followed`, { field: 'location' });
  }
  const type = headers['content-type'];
  const contentType = typeof type === 'string' ? type : undefined;
  const header = (name: string) => [headers[name]].flat().filter((value) => typeof value === 'string');
  return { status, text: hidden(text), contentType, date: dateOf(headers), requestId, summary, header };
}

const isNoAnswer = (status: number, { redirects }: HttpRequest): boolean =>
  status < 200 || (status >= 300 && status < 400 && redirects !== 'answer');

function dateOf({ date }: RawAnswer['headers']): number | undefined {
  const time = typeof date === 'string' ? Date.parse(date) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

// Only what looks like nothing but an id: a header can hold anything, what we sent included.
function requestIdOf(headers: RawAnswer['headers']): string | undefined {
  const ids: unknown[] = [headers['x-request-id'], headers['x-goog-request-id'], headers['x-amzn-requestid']];
  return ids.filter((id) => typeof id === 'string').find((id) => /^(?=.{8,36}$)[0-9a-f]+(-[0-9a-f]+){0,4}$/.test(id));
}
