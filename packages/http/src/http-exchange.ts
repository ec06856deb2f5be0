import type { Clock } from '@keyturn/rotation/clock';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { NetworkAgents } from './network-agents.ts';
import type { Random } from './random.ts';

export type HttpRequest = {
  /** What the call is for, in words that may be logged. It names the call in errors. */
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the configuration; host and port come from nowhere else. */
  readonly baseUrl: string;
  /** Begins with a slash and is put after the base URL. What varies in it is encoded: `..`, `?` or a second slash are refused. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
  /** Sent a second time it does no harm. Nothing else is ever retried. */
  readonly idempotent: boolean;
  /** Through a connection that no call used before. */
  readonly freshConnection?: boolean;
  /** `answer`: a redirect is what the caller wants to see. It is followed never. */
  readonly redirects?: 'answer';
};

/** `empty`: no bytes, but a content type. */
export type HttpBody =
  | { readonly json: unknown }
  | { readonly form: Readonly<Record<string, string>> }
  | { readonly empty: 'application/octet-stream' };

export type HttpOptions = {
  readonly clock: Clock;
  readonly random: Random;
  /** Hosts that may be called without TLS. */
  readonly allowHttp: readonly string[];
  /** The way to the host; straight, with the certificates that Node trusts, unless given. */
  readonly network?: NetworkAgents | undefined;
  /** Of one attempt, from connecting, to a proxy too, to the last byte of the answer, in milliseconds. */
  readonly timeoutMs?: number;
  /** Attempts after the first. */
  readonly retries?: number;
  /** A longer answer is a failure. In bytes, unpacked. */
  readonly longestAnswer?: number;
  /** Who carries an attempt to the other side; the network unless given. */
  readonly respond?: Respond | undefined;
};

/**
 * One attempt of one call to a URL that may be called, whatever the status of its answer. TransientError: no answer. PermanentError: the answer is
 * endless, the certificate is not trusted, the request cannot be sent, or the proxy refuses. The errors say operation, host, proxy and code, and
 * nothing else of request and answer.
 */
export type Respond = (
  request: HttpRequest,
  url: URL,
  options: Pick<HttpOptions, 'network' | 'timeoutMs' | 'longestAnswer'>,
) => Promise<RawAnswer>;

/** An answer before anybody looked at it. It may hold secrets. */
export type RawAnswer = {
  readonly status: number;
  /** By names in lower case: a text, or a list of them. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
};

/** 2xx or 4xx, and 3xx where it was asked for; every other end of a call is an error. */
export type HttpAnswer = {
  readonly status: number;
  /** It may hold secrets. Empty where nothing came. */
  readonly text: Hidden;
  readonly contentType: string | undefined;
  /** When it was made by the other side's clock, to the second, in milliseconds since 1970; undefined where it does not say. */
  readonly date?: number | undefined;
  /** The other side's name of the request, for its support. */
  readonly requestId: string | undefined;
  /** Operation, host, status and request id: what an error says of this answer. */
  readonly summary: string;
  /** The values of a header, by its name in lower case. They may hold secrets. */
  readonly header?: (name: string) => readonly string[];
};
