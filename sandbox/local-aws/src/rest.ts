import type { IncomingMessage } from 'node:http';

import type { Call } from './operation.ts';
import { ServiceError } from './service-error.ts';

export type RestAnswer = {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type RestRequest = {
  /** The `{…}` of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly body: Buffer;
};

export type Route = {
  matches(request: IncomingMessage): boolean;
  answer(request: IncomingMessage, body: Buffer, call: Call): Promise<RestAnswer>;
};

/** A REST-JSON operation, such as `POST /2015-03-31/functions/{name}/invocations`. */
export function route(
  pattern: string,
  handle: (request: RestRequest, call: Call) => Promise<RestAnswer> | RestAnswer,
): Route {
  const [method, path = ''] = pattern.split(' ');
  const expression = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`);
  const pathOf = (request: IncomingMessage) => new URL(request.url ?? '/', 'http://local');
  return {
    matches: (request) => request.method === method && expression.test(pathOf(request).pathname),
    async answer(request, body, call) {
      const { pathname, searchParams: query } = pathOf(request);
      const groups = Object.entries(expression.exec(pathname)?.groups ?? {});
      const params = Object.fromEntries(groups.map(([name, value]) => [name, decode(value)]));
      const header = (name: string) => request.headers[name]?.toString();
      return handle({ params, query, header, body }, call);
    },
  };
}

export const json = (status: number, value: unknown): RestAnswer => ({ status, text: JSON.stringify(value) });

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ServiceError('ValidationException', 'The path is not encoded right.');
  }
}
