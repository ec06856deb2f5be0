import type { Fresh } from '@keyturn/apigee-simulator/fresh';
import type { Answer, Incoming } from '@keyturn/apigee-simulator/loopback-server';
import { type Match, matchPath, type PathForm } from '@keyturn/apigee-simulator/path-match';

import type { RequestKind, Right, TokenApiOptions } from './simulator.ts';
import type { TokenNode } from './token-node.ts';
import type { NewToken, TokenStore } from './token-store.ts';

/** What a dialect is made of. */
export type World = {
  readonly store: TokenStore;
  readonly now: () => number;
  readonly fresh: Fresh;
  readonly options: TokenApiOptions;
  /** Whether the administrator has the right. */
  readonly may: (right: Right) => boolean;
};

/** One provider's way to speak: its paths, fields, statuses and limits. */
export type Dialect = {
  /** 'use': the data plane answers it, on the same host. */
  readonly kindOf: (incoming: Incoming) => RequestKind | 'use';
  readonly manage: (incoming: Incoming) => Answer;
  readonly use: (incoming: Incoming, node: TokenNode) => Answer;
  /** The provider's own words for a status. */
  readonly words: (status: number) => Answer;
  /** A key as this provider makes one. */
  readonly newToken: (target: string) => NewToken;
  /** What the administrator authenticates with, by the names that README.md gives. */
  readonly admin: () => Readonly<Record<string, string>>;
  readonly changeAdmin: () => void;
  /** What nobody else may see, the administrator's credential included. */
  readonly confidential: () => readonly string[];
  readonly portal?: { endSessions(): void; unlock(): void };
};

export type Operation = PathForm & {
  readonly perform: (call: { readonly params: ReadonlyMap<string, string>; readonly incoming: Incoming }) => Answer;
};

/** `GET /keys/{id}` and what it does. */
export function operation(form: string, perform: Operation['perform']): Operation {
  const [method = '', path = ''] = form.split(' ');
  return { method, segments: path.split('/').slice(1), perform };
}

/** The operation of this path and method; 404 and 405 in the provider's words. */
export function performed(operations: readonly Operation[], incoming: Incoming, words: Dialect['words']): Answer {
  const found: Match<Operation>[] = matchPath(operations, incoming.path);
  if (found.length === 0) return words(404);
  const match = found.find((one) => one.operation.method === incoming.method);
  return match === undefined ? words(405) : match.operation.perform({ params: match.params, incoming });
}

export function jsonOf({ body }: Incoming): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

export const header = ({ headers }: Incoming, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

export const bearerOf = (incoming: Incoming): string | undefined =>
  /^Bearer (\S+)$/iu.exec(header(incoming, 'authorization') ?? '')?.[1];

/** The two halves of a Basic header; RFC 6749 has the client encode them as a form does. */
export function basicOf(incoming: Incoming): readonly [string, string] | undefined {
  const [, coded] = /^Basic (\S+)$/iu.exec(header(incoming, 'authorization') ?? '') ?? [];
  if (coded === undefined) return undefined;
  const text = Buffer.from(coded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

export const readOrWrite = ({ method }: Incoming): RequestKind =>
  method === 'GET' || method === 'HEAD' ? 'read' : 'write';

export const empty = (status = 204): Answer => ({ status });
export const iso = (ms: number): string => new Date(ms).toISOString();
