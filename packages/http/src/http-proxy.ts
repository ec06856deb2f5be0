import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';

/** An HTTP proxy between us and whom we call. */
export type HttpProxy = {
  /** http or https; without credentials. */
  readonly url: URL;
  /** Hosts that are called without it; `.corp.example` are all below that domain. */
  readonly noProxy: readonly string[];
  /** The whole `proxy-authorization` header. `refused`: the one that was just answered with 407. */
  readonly authorize?: ((refused?: Hidden) => Promise<Hidden>) | undefined;
  /** Where it stands in the configuration, such as `network`: errors name its fields. */
  readonly field: string;
};

/** `hostname` as a URL has it, or as an agent gets it: an IPv6 address with or without brackets. */
export function goesThrough({ noProxy }: HttpProxy, hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return !noProxy.some((one) => (one.startsWith('.') ? host.endsWith(one) : host === one.replace(/^\[|\]$/g, '')));
}

/** Asks the proxy; where it wants other credentials than it got, once more with those that the secret holds by now. */
export async function withCredentials<Answer extends { readonly status: number }>(
  { authorize }: HttpProxy,
  ask: (authorization: Hidden | undefined) => Promise<Answer>,
): Promise<Answer> {
  const authorization = await authorize?.();
  const answer = await ask(authorization);
  if (answer.status !== 407 || authorize === undefined) return answer;
  const fresh = await authorize(authorization);
  return fresh.reveal() === authorization?.reveal() ? answer : ask(fresh);
}

/** What it means that a proxy itself answers with this status. */
export function proxyRefusal({ url, field }: HttpProxy, status: number): PermanentError | TransientError {
  const said = `the proxy ${url.host} answers ${status}`;
  if (status === 407) return new PermanentError('access-denied', said, { field: `${field}.proxySecret` });
  // It cannot reach whom we call, or has trouble of its own.
  if (status >= 500 || status === 408 || status === 429) return new TransientError(said);
  return new PermanentError('misconfigured', said, { field: `${field}.proxy` });
}
