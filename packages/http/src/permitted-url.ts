import { PermanentError } from '@keyturn/rotation/errors';

import type { HttpRequest } from './http-exchange.ts';

type Target = Pick<HttpRequest, 'operation' | 'baseUrl' | 'path' | 'query'>;

/**
 * The URL of a call: exactly the path that was asked for, on the host and port of the base URL. PermanentError('misconfigured') where the base
 * is not https (and its host not in `allowHttp`), holds credentials, a query or a fragment, or where the path leads elsewhere.
 */
export function permittedUrl({ operation, baseUrl, path, query = {} }: Target, allowHttp: readonly string[]): URL {
  const refused = (problem: string) =>
    new PermanentError('misconfigured', `${operation}: the URL ${problem}`, { field: 'url' });

  const base = URL.parse(baseUrl);
  if (base === null) throw refused('cannot be read');
  const problem = problemOf(base, allowHttp);
  if (problem !== undefined) throw refused(problem);

  const prefix = base.pathname.replace(/\/$/, '');
  const url = URL.parse(`${base.origin}${prefix}${path}`);
  // The parser resolves dots, backslashes and `@`: only a path that it leaves alone is the one that was meant.
  if (url?.pathname !== `${prefix}${path}` || path.includes('//')) throw refused('leads elsewhere');
  url.search = new URLSearchParams(query).toString();
  return url;
}

function problemOf(base: URL, allowHttp: readonly string[]): string | undefined {
  if (base.protocol !== 'https:' && base.protocol !== 'http:') return 'is not an https URL';
  if (base.protocol === 'http:' && !allowHttp.includes(base.hostname)) return 'is not https';
  if (base.username !== '' || base.password !== '') return 'holds credentials';
  if (base.search !== '' || base.hash !== '') return 'has a query or a fragment';
  return undefined;
}
