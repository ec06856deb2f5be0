import { PermanentError } from '@keyturn/rotation/errors';

/** Where a request goes within its base: for `send`, which puts it together again. */
export type SecretAddress = { readonly path: string; readonly query: Readonly<Record<string, string>> };

/**
 * The part of a URL that is secret, such as Slack's or Teams': `text` is what follows `base`, or the whole URL if it begins with that very base.
 * The host is the configuration's: PermanentError('misconfigured') for any other, with `field`. No error holds a part of `text`.
 */
export function secretAddress(base: string, text: string, field: string): SecretAddress {
  const from = new URL(base.endsWith('/') ? base : `${base}/`);
  const url = URL.parse(text, from.href);
  const refused = (problem: string) => new PermanentError('misconfigured', `The secret ${problem}`, { field });
  if (url === null) throw refused('holds no address');
  if (url.origin !== from.origin || url.username !== '' || url.password !== '') {
    throw refused(`names another host than ${from.host}, which the configuration gives`);
  }
  if (!url.pathname.startsWith(from.pathname)) throw refused('leads out of the address that the configuration gives');
  const rest = url.pathname.slice(from.pathname.length);
  if (rest === '' || rest.includes('//') || url.hash !== '') throw refused('holds no address');
  return { path: `/${rest}`, query: Object.fromEntries(url.searchParams) };
}
