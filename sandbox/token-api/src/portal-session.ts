import { type Answer, htmlAnswer, type Incoming } from '@keyturn/apigee-simulator/loopback-server';

import { header, type World } from './dialect.ts';

export type PortalSessions = {
  /** The login form, and what comes of it. */
  readonly login: (incoming: Incoming) => Answer;
  /** The token against forgery of a living session; undefined where the request has none. */
  readonly sessionOf: (incoming: Incoming) => string | undefined;
  readonly user: () => { readonly username: string; readonly password: string };
  readonly changePassword: () => void;
  readonly endSessions: () => void;
  readonly unlock: () => void;
  /** Sessions and tokens that somebody holds. */
  readonly confidential: () => readonly string[];
};

const [visitCookie, sessionCookie, tokenCookie] = ['portal_visit', 'portal_session', 'XSRF-TOKEN'];

/**
 * A login as a web framework has it: a form with a hidden token that is a cookie, too; the session is a cookie of its own, with a new token. A
 * wrong password gets the form again, with 200.
 */
export function portalSessions({ now, fresh, options }: Pick<World, 'now' | 'fresh' | 'options'>): PortalSessions {
  const { sessionSeconds = 1800, lockAfter = 3 } = options.portal ?? {};
  const username = 'keyturn@example.com';
  let password = fresh.text(18);
  let wrong = 0;
  /** The token of a visitor who did not log in yet, by the cookie. */
  const visits = new Map<string, string>();
  const sessions = new Map<string, { readonly token: string; readonly until: number }>();

  function form(status: number, message = ''): Answer {
    const [visit, token] = [fresh.text(18), fresh.text(18)];
    visits.set(visit, token);
    const page = [
      '<!doctype html><html><head><title>Developer portal</title></head><body>',
      `<p class="message">${message}</p>`,
      '<form method="post" action="/login">',
      `<input type="hidden" name="csrf_token" value="${token}">`,
      '<input name="username"><input name="password" type="password"><button>Log in</button>',
      '</form></body></html>',
    ].join('\n');
    return withCookies(htmlAnswer(status, page), [`${visitCookie}=${visit}; HttpOnly`, `${tokenCookie}=${token}`]);
  }

  function enter(incoming: Incoming): Answer {
    const sent = new URLSearchParams(incoming.body);
    const visit = cookiesOf(incoming).get(visitCookie) ?? '';
    const expected = visits.get(visit);
    if (expected === undefined || sent.get('csrf_token') !== expected) return form(403, 'The form is out of date.');
    if (wrong >= lockAfter) return form(200, 'Your account is locked. Ask the portal team.');
    if (sent.get('username') !== username || sent.get('password') !== password) {
      wrong += 1;
      return form(200, 'Wrong user name or password.');
    }
    wrong = 0;
    visits.delete(visit);
    const [session, token] = [fresh.text(24), fresh.text(18)];
    sessions.set(session, { token, until: now() + sessionSeconds * 1000 });
    const moved: Answer = { status: 302, headers: { location: '/apps' } };
    return withCookies(moved, [`${sessionCookie}=${session}; HttpOnly; SameSite=Lax`, `${tokenCookie}=${token}`]);
  }

  const sessionOf = (incoming: Incoming) => {
    const session = sessions.get(cookiesOf(incoming).get(sessionCookie) ?? '');
    return session !== undefined && now() < session.until ? session.token : undefined;
  };
  return {
    login(incoming) {
      if (incoming.method === 'POST') return enter(incoming);
      return sessionOf(incoming) === undefined ? form(200) : { status: 302, headers: { location: '/apps' } };
    },
    sessionOf,
    user: () => ({ username, password }),
    changePassword() {
      password = fresh.text(18);
    },
    endSessions: () => sessions.clear(),
    unlock() {
      wrong = 0;
    },
    confidential: () => [password, ...sessions.keys(), ...[...sessions.values()].map(({ token }) => token)],
  };
}

function cookiesOf(incoming: Incoming): ReadonlyMap<string, string> {
  const pairs = (header(incoming, 'cookie') ?? '').split(';').map((pair) => pair.trim());
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

// A list of cookies is the one header that is several of its name.
function withCookies(answer: Answer, cookies: readonly string[]): Answer {
  const named = cookies.map((cookie) => `${cookie}; Path=/`);
  return { ...answer, headers: { ...answer.headers, 'set-cookie': named } };
}
