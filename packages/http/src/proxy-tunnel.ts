import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type AgentOptions } from 'node:https';
import type { Socket } from 'node:net';

import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';

import { codeOf, isUntrusted } from './error-code.ts';
import { proxyRefusal, withCredentials, type HttpProxy } from './http-proxy.ts';
import { userAgent } from './user-agent.ts';

type Options = {
  readonly proxy: HttpProxy;
  /** How far the proxy itself is trusted, where it speaks TLS. */
  readonly trust: AgentOptions;
  /** From connecting to the proxy to its answer, in milliseconds. */
  readonly timeoutMs: number;
};

/**
 * A connection to host and port that the proxy made for us (RFC 9110, 9.3.6): what comes out of it is the host's, never the proxy's. The host's
 * name is resolved by the proxy. TransientError: no answer, 5xx, 408, 429. PermanentError: misconfigured (another refusal, a certificate of the
 * proxy that is not trusted), access-denied (407). They name the proxy and the status.
 */
export async function openTunnel(authority: string, options: Options): Promise<Socket> {
  const { proxy } = options;
  const answer = await withCredentials(proxy, (authorization) => connect(authority, authorization, options));
  if (answer.status >= 200 && answer.status < 300) return answer.socket;
  throw proxyRefusal(proxy, answer.status);
}

type Connected = { readonly status: number; readonly socket: Socket };

function connect(authority: string, authorization: Hidden | undefined, options: Options): Promise<Connected> {
  const { proxy, trust, timeoutMs } = options;
  const { url } = proxy;
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (secure ? httpsRequest : httpRequest)({
      agent: secure ? new HttpsAgent(trust) : new HttpAgent(trust),
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (secure ? 443 : 80) : url.port,
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        'user-agent': userAgent,
        ...(authorization !== undefined && { 'proxy-authorization': authorization.reveal() }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once('connect', ({ statusCode: status = 0 }, socket, head) => {
      if (status < 200 || status > 299) socket.destroy();
      // Of a host that speaks first; TLS does not.
      else if (head.length > 0) socket.unshift(head);
      resolve({ status, socket });
    });
    request.once('error', (error) => reject(unreached(error, proxy)));
    request.end();
  });
}

// Never as a cause: the request hangs on some of Node's errors, and with it the header.
function unreached(error: Error, { url, field }: HttpProxy): TransientError | PermanentError {
  const code = codeOf(error);
  if (!isUntrusted(code)) return new TransientError(`the proxy ${url.host} gives no answer (${code})`);
  const problem = `the certificate of the proxy ${url.host} is not trusted (${code})`;
  return new PermanentError('misconfigured', problem, { field: `${field}.caBundle` });
}
