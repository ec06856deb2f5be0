import type { Problems } from './problem.ts';

/** A URL names a host to talk to, and no more: no credentials, no query. Without TLS only where the host is listed. */
export function* urlProblems(field: string, url: string, allowHttp: readonly string[]): Problems {
  const { protocol, hostname, username, password } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') yield { field, message: 'is not an https URL' };
  if (protocol === 'http:' && !allowHttp.includes(hostname)) {
    yield { field, message: `is not https, and allowHttp does not list ${hostname}` };
  }
  if (username !== '' || password !== '') yield { field, message: 'holds credentials; they belong in a secret' };
  // `https://host?` has an empty query, which URL does not tell.
  if (/[?#]/.test(url)) yield { field, message: 'has a query or a fragment' };
}
