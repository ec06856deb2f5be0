import type { HttpOptions } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import type { AdminSecret } from './admin-secret.ts';
import type { Authorize } from './authorize.ts';
import { readEdgeLogin, refreshLogin, type EdgeLogin } from './edge-login.ts';
import { edgeRefusal, type Refusal } from './edge-refusal.ts';
import { keepToken } from './keep-token.ts';

type Options = AdminSecret & {
  /** The only place a token is asked for. */
  readonly tokenUrl: string;
  readonly http: HttpOptions;
};

// Not secret: every client of Edge sends the same, edgecli:edgeclisecret (docs.apigee.com, management-api-tokens).
const publicClient = 'Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0';

const printable = z.string().regex(/^[\x21-\x7e]+$/);
const grant = z.object({
  access_token: printable,
  expires_in: z.number().positive(),
  refresh_token: printable.optional(),
});
type Grant = z.output<typeof grant>;

/**
 * Tokens of Edge's login server. The secret is read for each new token: where it has not changed, the refresh token that came last is used, and where that
 * one is refused, what the secret holds.
 */
export function edgeToken(options: Options): Authorize {
  const { clock } = options.http;
  let session: { readonly of: string; readonly refreshToken: string } | undefined;
  let barred: { readonly of: string; readonly until: number; readonly error: PermanentError } | undefined;

  const keep = (text: Hidden, { access_token: token, expires_in: seconds, refresh_token: refreshToken }: Grant) => {
    session = refreshToken === undefined ? undefined : { of: text.reveal(), refreshToken };
    barred = undefined;
    return { authorization: hidden(`Bearer ${token}`), lifetimeMs: seconds * 1000 };
  };
  return keepToken(async () => {
    const { login, text } = await readEdgeLogin(options, clock.now());
    if (session?.of === text.reveal()) {
      const refreshed = await refresh(session.refreshToken, options);
      if (refreshed !== undefined) return keep(text, refreshed);
    }
    session = undefined;
    if (barred?.of === text.reveal() && clock.now() < barred.until) throw barred.error;
    const outcome = await signIn(login, options);
    if ('granted' in outcome) return keep(text, outcome.granted);
    barred = { of: text.reveal(), until: clock.now() + outcome.pauseMs, error: outcome.error };
    throw outcome.error;
  }, clock);
}

// However it is refused: what the secret holds is left, and tells better what is wrong.
async function refresh(refreshToken: string, options: Options): Promise<Grant | undefined> {
  try {
    const outcome = await signIn(refreshLogin(refreshToken), options);
    return 'granted' in outcome ? outcome.granted : undefined;
  } catch (error) {
    if (error instanceof PermanentError) return undefined;
    throw error;
  }
}

async function signIn(
  login: EdgeLogin,
  { adminSecret, tokenUrl, http }: Options,
): Promise<{ readonly granted: Grant } | Refusal> {
  const request = {
    operation: `sign in with ${login.kind}`,
    method: 'POST',
    baseUrl: tokenUrl,
    path: '',
    headers: { accept: 'application/json;charset=utf-8', authorization: publicClient },
    body: { form: login.form },
    idempotent: !login.once,
  } as const;
  const answer = await send(request, http);
  if (answer.status >= 300) return edgeRefusal(answer, login, adminSecret);
  return { granted: parseAnswer(answer, grant) };
}
