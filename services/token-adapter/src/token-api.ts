import type { TokenConfig } from '@keyturn/config/config';
import type { Meaning, RequestName, TokenRequest } from '@keyturn/config/token-request';
import { placeholdersOf } from '@keyturn/config/token-text';
import type { HttpAnswer, HttpOptions } from '@keyturn/http/http-exchange';
import { jsonOf } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError, TransientError, type Reason } from '@keyturn/rotation/errors';

import { baseUrlOf } from './base-url.ts';
import { fillFields, fillJson, fillPath, type Values } from './fill-template.ts';
import { holds } from './json-at.ts';
import type { Session } from './session.ts';
import type { SignIn } from './sign-in.ts';
import type { Target } from './token-target.ts';

export type Done = {
  readonly answer: HttpAnswer;
  /** undefined: nothing came. */
  readonly json: unknown;
};

export type Call = {
  readonly target: Target;
  readonly values?: Values;
  readonly query?: Readonly<Record<string, string>>;
};

/** One request of the description. `missing` where it says that there is no such key, if that was expected; throws for all other failures. */
export type TokenApi = {
  ask(name: RequestName, call: Call): Promise<Done>;
  /** For a key that may be gone. */
  askFor(name: RequestName, call: Call): Promise<Done | 'missing'>;
};

type Options = {
  readonly config: Pick<TokenConfig, 'auth' | 'urls' | 'requests'>;
  readonly signIn: SignIn;
  readonly http: HttpOptions;
};

export function tokenApi({ config, signIn, http }: Options): TokenApi {
  const worked = new WeakSet<Session>();
  const attempt = (name: RequestName, request: TokenRequest, call: Call, session: Session) => {
    const values = { ...call.target.values, ...call.values };
    const baseUrl = baseUrlOf(config.urls, request.url);
    const goesThere = session.host === undefined || session.host === new URL(baseUrl).host;
    return send(
      {
        operation: `${name} a key`,
        method: request.method,
        baseUrl,
        path: fillPath(request.path, values),
        query: { ...fillFields(request.query, values), ...call.query },
        headers: { ...(goesThere ? session.headers() : {}), ...fillFields(request.headers, values) },
        ...(request.form !== undefined && { body: { form: fillFields(request.form, values) } }),
        ...(request.json !== undefined && { body: { json: fillJson(request.json, values) } }),
        idempotent: isRepeatable(name, request),
        ...(config.auth.as === 'login' && { redirects: 'answer' as const }),
      },
      http,
    );
  };

  const tryOnce = async (name: RequestName, request: TokenRequest, call: Call, session: Session): Promise<Met> => {
    const met = meet(await attempt(name, request, call, session), request, config);
    if (met.means === 'unauthenticated' && isMaking(name) && isElsewhere(met.answer, config))
      throw uncertain(met.answer);
    return met;
  };

  const run = async (name: RequestName, call: Call): Promise<Done | 'missing'> => {
    const request = config.requests[name];
    if (request === undefined) {
      throw new PermanentError('unsupported', `The API is described without ${name}`, { field: `requests.${name}` });
    }
    const session = await signIn(call.target.master);
    const first = await tryOnce(name, request, call, session);
    if (first.means !== 'unauthenticated') {
      worked.add(session);
      return judge(first, name);
    }
    // A request that was refused had no effect. The session ended, or the master was changed: once more, unless there is nothing else to try.
    const next = await signIn(call.target.master, { session, worked: worked.has(session) });
    if (next === session) return judge(first, name);
    return judge(await tryOnce(name, request, call, next), name);
  };

  return {
    askFor: run,
    async ask(name, call) {
      const done = await run(name, call);
      if (done === 'missing') throw new TransientError(`${name} a key: the API does not know the key, or not yet`);
      return done;
    },
  };
}

// What makes a key is sent once, unless the API itself tells the second from the first.
function isRepeatable(name: RequestName, request: TokenRequest): boolean {
  return !isMaking(name) || placeholdersOf(request).includes('idempotencyKey');
}

const isMaking = (name: RequestName): boolean => name === 'create' || name === 'replace';

type Met = Done & { readonly means: Meaning | undefined };

function meet(answer: HttpAnswer, request: TokenRequest, { auth }: Options['config']): Met {
  const parsed = jsonOf(answer);
  const json = parsed?.value;
  const failure = request.failsWhen.find(({ status, at, values }) => {
    if (status !== undefined && !status.includes(answer.status)) return false;
    return at === undefined || (parsed !== undefined && holds(json, values === undefined ? { at } : { at, values }));
  });
  if (failure !== undefined) return { answer, json, means: failure.means };
  if (
    auth.as === 'login' &&
    isLoginAgain(answer, { isJson: parsed !== undefined, contains: auth.refusedWhen?.contains })
  ) {
    return { answer, json, means: 'unauthenticated' };
  }
  return { answer, json, means: byStatus(answer.status) };
}

// A portal sends whoever is not logged in to the login page, or shows it. A CSRF token ends with its session.
function isLoginAgain(
  { status, text }: HttpAnswer,
  { isJson, contains }: { isJson: boolean; contains: string | undefined },
): boolean {
  if (status >= 300 && status < 400) return true;
  // What the portal tells of its keys may hold that text too, and is no page.
  return status === 403 || (contains !== undefined && !isJson && text.reveal().includes(contains));
}

// Many a portal answers a form that it took with a redirect to the next page.
function isElsewhere({ status, header }: HttpAnswer, { auth }: Options['config']): boolean {
  if (auth.as !== 'login' || status < 300 || status >= 400) return false;
  const { pathname } = URL.parse(header?.('location')[0] ?? '', 'https://nowhere.invalid/') ?? {};
  return ![auth.login.path, auth.page?.path].some((path) => path !== undefined && pathname?.endsWith(path));
}

function byStatus(status: number): Meaning | undefined {
  if (status < 300) return undefined;
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'denied';
  return status === 404 || status === 410 ? 'missing' : 'refused';
}

function judge({ answer, json, means }: Met, name: RequestName): Done | 'missing' {
  if (means === 'missing' && name !== 'create' && name !== 'list') return 'missing';
  if (means !== undefined && means !== 'done') throw failures[means](answer.summary, name);
  if (means === undefined && json === undefined && answer.text.reveal() !== '') {
    throw new PermanentError('provider-answer', `${answer.summary}: no JSON came back`, { field: 'answer' });
  }
  return { answer, json };
}

function uncertain({ summary }: HttpAnswer): PermanentError {
  const problem =
    'a redirect that does not lead to the login: there may be a key now, which the next attempt looks for';
  return new PermanentError('provider-answer', `${summary}: ${problem}`, { field: 'location' });
}

type Failed = (summary: string, name: RequestName) => TransientError | PermanentError;

const because =
  (reason: Reason, problem: string, field: string): Failed =>
  (summary) =>
    new PermanentError(reason, `${summary}: ${problem}`, { field });
const targetMissing = because('target-missing', 'there is no such target', 'target');

const failures: Readonly<Record<Exclude<Meaning, 'done'>, Failed>> = {
  // Of what has no key yet.
  missing: targetMissing,
  'target-missing': targetMissing,
  quota: because('quota', 'the target has as many keys as it may', 'target'),
  unauthenticated: because('access-denied', 'the master is not known', 'adminSecret'),
  denied: because('access-denied', 'the master may not do that', 'adminSecret'),
  busy: (summary) => new TransientError(`${summary}: not now`),
  refused: (summary, name) =>
    new PermanentError('provider-refused', `${summary}: refused`, { field: `requests.${name}` }),
};
