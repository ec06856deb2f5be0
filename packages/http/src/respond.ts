import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';

import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { create, isAxiosError, isCancel, type AxiosRequestConfig, type AxiosResponse } from 'axios';

import { codeOf, isUntrusted } from './error-code.ts';
import type { RawAnswer, Respond } from './http-exchange.ts';
import { proxyRefusal, withCredentials, type HttpProxy } from './http-proxy.ts';
import { networkAgents, type NetworkAgents } from './network-agents.ts';
import { outgoing } from './outgoing.ts';

// An instance of its own: nobody else's defaults or interceptors reach it. No proxy from the environment, and agents that read none either.
const client = create({ proxy: false });
let direct: NetworkAgents | undefined;

/** The one that goes over the network, with axios. */
export const respond: Respond = async (request, url, options) => {
  const { network = (direct ??= networkAgents()), timeoutMs = 10_000, longestAnswer = 5_000_000 } = options;
  const proxy = network.proxyOf(url);
  const { headers, data } = outgoing(request);
  const config = {
    ...(request.freshConnection === true ? network.fresh() : network.kept),
    url: url.href,
    method: request.method,
    headers,
    ...(data !== undefined && { data }),
    responseType: 'text',
    transformResponse: [],
    maxRedirects: 0,
    maxContentLength: longestAnswer,
    validateStatus: () => true,
    // axios's own timeout starts again with every byte.
    signal: AbortSignal.timeout(timeoutMs),
  } satisfies AxiosRequestConfig<Buffer>;
  try {
    if (proxy !== undefined && url.protocol === 'http:') return await forward(config, url, proxy);
    return await ask(config);
  } catch (error) {
    // Never as a cause: it holds headers, body and answer.
    throw withoutAnswer(error, `${request.operation} at ${url.host}`, proxy);
  }
};

type Config = Omit<AxiosRequestConfig<Buffer>, 'headers'> & { readonly headers: Readonly<Record<string, string>> };

async function ask(config: Config): Promise<RawAnswer> {
  const { status, headers, data } = await client.request<string, AxiosResponse<string>, Buffer>(config);
  return { status, headers, text: data };
}

/** Without TLS the proxy is asked for the whole URL (RFC 9112, 3.2.2). What it answers itself looks like the host's answer, but for 407. */
async function forward(config: Config, url: URL, proxy: HttpProxy): Promise<RawAnswer> {
  const transport = {
    request: (options: RequestOptions, done: (answer: IncomingMessage) => void): ClientRequest =>
      httpRequest({ ...options, path: url.href }, done),
  };
  const answer = await withCredentials(proxy, (authorization) =>
    ask({
      ...config,
      transport,
      headers: {
        ...config.headers,
        ...(authorization !== undefined && { 'proxy-authorization': authorization.reveal() }),
      },
    }),
  );
  if (answer.status === 407) throw proxyRefusal(proxy, answer.status);
  return answer;
}

function withoutAnswer(error: unknown, call: string, proxy: HttpProxy | undefined): TransientError | PermanentError {
  const said = ofProxy(error, call) ?? ofProxy(error instanceof Error ? error.cause : undefined, call);
  if (said !== undefined) return said;
  const code = isCancel(error) ? 'ETIMEDOUT' : codeOf(error);
  const at = proxy === undefined ? call : `${call} through the proxy ${proxy.url.host}`;
  if (isAxiosError(error) && error.message.startsWith('maxContentLength')) {
    return new PermanentError('provider-answer', `${at}: the answer is too long`, { field: 'answer' });
  }
  if (isUntrusted(code)) {
    return new PermanentError('misconfigured', `${at}: the certificate is not trusted (${code})`, { field: 'url' });
  }
  if (/^ERR_(INVALID|BAD_OPTION|BAD_REQUEST|HTTP_INVALID)/.test(code)) {
    return new PermanentError('misconfigured', `${at}: the request cannot be sent (${code})`);
  }
  return new TransientError(`${at}: no answer (${code})`);
}

/** What the way to the host had to say, which is ours already and names the proxy. */
function ofProxy(error: unknown, call: string): TransientError | PermanentError | undefined {
  if (error instanceof TransientError) return new TransientError(`${call}: ${error.message}`, error);
  if (error instanceof PermanentError)
    return new PermanentError(error.reason, `${call}: ${error.message}`, { field: error.field });
  return undefined;
}
