import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { create, isAxiosError, isCancel, type AxiosRequestConfig, type AxiosResponse } from 'axios';

import type { HttpAnswer, HttpBody, HttpOptions, HttpRequest } from './http-exchange.ts';
import { permittedUrl } from './permitted-url.ts';
import { retryAfterMs } from './retry-after.ts';
import { userAgent } from './user-agent.ts';

const firstPauseMs = 200;
/** A call that would have to pause longer than this ends, and its caller waits instead. */
const longestPauseMs = 10_000;

// An instance of its own: nobody else's defaults or interceptors reach it. No proxy from the environment, and agents that read none either.
const client = create({ proxy: false });
const kept = agents({ keepAlive: true });

/**
 * One call, retried where it is idempotent and the failure may pass. Ends with an answer (2xx, 4xx but 408 and 429), with a TransientError (no
 * answer, 408, 429, 5xx) or with a PermanentError: provider-answer (a redirect, an endless answer), misconfigured (a URL that may not be called,
 * a certificate that is not trusted). The errors say operation, host, status or code and request id, and nothing else of request and answer.
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
  const response = await respond(request, url, options);
  const { status, headers } = response;
  const requestId = requestIdOf(headers);
  const summary = `${request.operation} at ${url.host}: ${status}${requestId === undefined ? '' : `, request ${requestId}`}`;
  if (status === 408 || status === 429 || status >= 500) {
    throw new TransientError(summary, { retryAfterMs: retryAfterMs(headers['retry-after'], options.clock.now()) });
  }
  if (status < 200 || (status >= 300 && status < 400)) {
    throw new PermanentError('provider-answer', `${summary}: redirects are not followed`, { field: 'location' });
  }
  const type = headers['content-type'];
  const contentType = typeof type === 'string' ? type : undefined;
  return { status, text: hidden(response.data), contentType, date: dateOf(headers), requestId, summary };
}

async function respond(request: HttpRequest, url: URL, options: HttpOptions): Promise<AxiosResponse<string>> {
  const { timeoutMs = 10_000, longestAnswer = 5_000_000 } = options;
  const body = encode(request.body);
  refuseUnsendable(request);
  const config = {
    ...(request.freshConnection === true ? agents({ keepAlive: false }) : kept),
    url: url.href,
    method: request.method,
    headers: {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(body !== undefined && { 'content-type': body.contentType }),
      ...request.headers,
    },
    ...(body !== undefined && { data: body.data }),
    responseType: 'text',
    transformResponse: [],
    maxRedirects: 0,
    maxContentLength: longestAnswer,
    validateStatus: () => true,
    // axios's own timeout starts again with every byte.
    signal: AbortSignal.timeout(timeoutMs),
  } satisfies AxiosRequestConfig<Buffer>;
  try {
    return await client.request<string, AxiosResponse<string>, Buffer>(config);
  } catch (error) {
    // Never as a cause: it holds headers, body and answer.
    throw withoutAnswer(error, `${request.operation} at ${url.host}`);
  }
}

// Said aloud, trust cannot be switched off by a variable of the environment.
function agents(options: { readonly keepAlive: boolean }) {
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent({ ...options, rejectUnauthorized: true }) };
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

function withoutAnswer(error: unknown, call: string): TransientError | PermanentError {
  const code = codeOf(error);
  if (isAxiosError(error) && error.message.startsWith('maxContentLength')) {
    return new PermanentError('provider-answer', `${call}: the answer is too long`, { field: 'answer' });
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code)) {
    return new PermanentError('misconfigured', `${call}: the certificate is not trusted (${code})`, { field: 'url' });
  }
  if (/^ERR_(INVALID|BAD_OPTION|BAD_REQUEST|HTTP_INVALID)/.test(code)) {
    return new PermanentError('misconfigured', `${call}: the request cannot be sent (${code})`);
  }
  return new TransientError(`${call}: no answer (${code})`);
}

function codeOf(error: unknown): string {
  if (isCancel(error)) return 'ETIMEDOUT';
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : 'unknown';
}

function dateOf({ date }: AxiosResponse['headers']): number | undefined {
  const time = typeof date === 'string' ? Date.parse(date) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

// Only what looks like nothing but an id: a header can hold anything, what we sent included.
function requestIdOf(headers: AxiosResponse['headers']): string | undefined {
  const ids: unknown[] = [headers['x-request-id'], headers['x-goog-request-id'], headers['x-amzn-requestid']];
  return ids.filter((id) => typeof id === 'string').find((id) => /^(?=.{8,36}$)[0-9a-f]+(-[0-9a-f]+){0,4}$/.test(id));
}
