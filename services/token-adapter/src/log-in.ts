import type { Csrf, TokenAuth } from '@keyturn/config/token-auth';
import type { HttpAnswer, HttpOptions } from '@keyturn/http/http-exchange';
import { jsonOf } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { baseUrlOf } from './base-url.ts';
import { fillFields, fillJson, fillPath, type Values } from './fill-template.ts';
import { jsonAt } from './json-at.ts';
import type { Session } from './session.ts';

type Login = Extract<TokenAuth, { readonly as: 'login' }>;
type Deps = { readonly urls: Readonly<Record<string, string>>; readonly http: HttpOptions };
/** Name → value. They go to the host of the login alone. */
type Cookies = Map<string, string>;

/**
 * As a person does: the page, the form, the session. Whether the portal was content shows at the next request. PermanentError access-denied where it says
 * at once that it is not.
 */
export async function logIn(auth: Login, master: Values, deps: Deps): Promise<Session> {
  const cookies: Cookies = new Map();
  const before = auth.page && (await openPage(auth.page, cookies, deps));
  const csrf = csrfIn(auth.csrf, before, cookies);
  const values = { ...master, csrf };
  const { login } = auth;
  const answer = await send(
    {
      operation: 'log in',
      method: login.method,
      baseUrl: baseUrlOf(deps.urls, login.url),
      path: fillPath(login.path, values),
      query: fillFields(login.query, values),
      headers: { ...cookieHeader(cookies), ...fillFields(login.headers, values) },
      ...(login.form !== undefined && { body: { form: fillFields(login.form, values) } }),
      ...(login.json !== undefined && { body: { json: fillJson(login.json, values) } }),
      idempotent: false,
      redirects: 'answer',
    },
    deps.http,
  );
  if (answer.status >= 400) throw denied(answer, 'the portal refuses the login');
  // A wrong password gets the form again, with 200. Another try would be one more towards a lock.
  if (auth.refusedWhen !== undefined && answer.text.reveal().includes(auth.refusedWhen.contains)) {
    throw denied(answer, 'the portal shows the login again: a wrong name or password, or a locked account');
  }
  keepCookies(answer, cookies);
  const token = tokenIn(auth, answer);
  // A token of before the login is often not one of the session.
  const after = auth.pageAfter && (await openPage(auth.pageAfter, cookies, deps));
  const own = csrfIn(auth.csrf, after, cookies) ?? csrf;
  const headers = { ...cookieHeader(cookies), ...fillFields(auth.headers, { ...master, csrf: own, token }) };
  return { headers: () => headers, host: hostOf(auth, deps), until: Infinity };
}

const hostOf = ({ login }: Login, { urls }: Deps) => new URL(baseUrlOf(urls, login.url)).host;

async function openPage(page: NonNullable<Login['page']>, cookies: Cookies, { urls, http }: Deps): Promise<HttpAnswer> {
  const answer = await send(
    {
      operation: 'open the login page',
      method: 'GET',
      baseUrl: baseUrlOf(urls, page.url),
      path: page.path,
      headers: { accept: 'text/html,application/json', ...cookieHeader(cookies) },
      idempotent: true,
      redirects: 'answer',
    },
    http,
  );
  if (answer.status >= 400) throw denied(answer, 'the page is not shown');
  keepCookies(answer, cookies);
  return answer;
}

function keepCookies(answer: HttpAnswer, cookies: Cookies): void {
  for (const line of answer.header?.('set-cookie') ?? []) {
    const [, name, value = ''] = /^([!#$%&'*+.^`|~\w-]+)=([^;\s]*)/.exec(line) ?? [];
    if (name === undefined) continue;
    if (value === '' || /;\s*max-age=(0|-)/i.test(line)) cookies.delete(name);
    else cookies.set(name, value);
  }
}

const cookieHeader = (cookies: Cookies): Record<string, string> =>
  cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };

function csrfIn(where: Csrf | undefined, page: HttpAnswer | undefined, cookies: Cookies): string | undefined {
  if (where === undefined) return undefined;
  if ('cookie' in where) return decoded(cookies.get(where.cookie));
  if (page === undefined) return undefined;
  if ('header' in where) return page.header?.(where.header.toLowerCase())[0];
  if ('at' in where) return z.string().safeParse(jsonAt(jsonOf(page)?.value, where.at)).data;
  const [from, to] = where.between;
  const text = page.text.reveal();
  const start = text.indexOf(from);
  const end = start === -1 ? -1 : text.indexOf(to, start + from.length);
  return end === -1 ? undefined : text.slice(start + from.length, end);
}

function decoded(value: string | undefined): string | undefined {
  try {
    return value && decodeURIComponent(value);
  } catch {
    return value;
  }
}

function tokenIn({ token }: Login, answer: HttpAnswer): string | undefined {
  if (token === undefined) return undefined;
  const found = z
    .string()
    .min(1)
    .safeParse(jsonAt(jsonOf(answer)?.value, token)).data;
  if (found === undefined) throw denied(answer, 'no token came back');
  return found;
}

function denied({ summary }: HttpAnswer, problem: string): PermanentError {
  return new PermanentError('access-denied', `${summary}: ${problem}`, { field: 'adminSecret' });
}
