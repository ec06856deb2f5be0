import { createHash } from 'node:crypto';
import { type AccessTokens, cloudPlatform } from './access-tokens.ts';
import { edgeUser } from './edge-user.ts';
import type { Fresh } from './fresh.ts';
import { type Answer, htmlAnswer, type Incoming, jsonAnswer } from './loopback-server.ts';
import type { EdgeLogin, EdgeLoginOptions } from './simulated-identity.ts';
import type { Served } from './surface.ts';
import { tickets } from './tickets.ts';

export type EdgeLoginServer = {
  serve: (incoming: Incoming) => Served;
  /** Whether the management API takes this user's basic authorization. */
  takesUser: (username: string, password: string) => boolean;
  view: (tokenUrl: string) => EdgeLogin;
};

const passcodeMs = 300_000;
const client = `Basic ${Buffer.from('edgecli:edgeclisecret').toString('base64')}`;

/** Edge's login server with one user: grants, bodies and lifetimes of docs.apigee.com, management-api-tokens and auth-tools. */
export function edgeLoginServer(
  options: EdgeLoginOptions,
  tokens: AccessTokens,
  { now, fresh }: { now: () => number; fresh: Fresh },
): EdgeLoginServer {
  const { refreshTokenSeconds = 84_600, rotateRefreshTokens = true } = options;
  const user = edgeUser(options, now, fresh);
  const refreshTokens = tickets(now, refreshTokenSeconds * 1000, () => fresh.text(40));
  const passcodes = tickets(now, passcodeMs, () => fresh.text(6));

  function grant(refreshToken = refreshTokens.issue()): Answer {
    const { token, expiresIn } = tokens.issue([cloudPlatform]);
    return jsonAnswer(200, {
      access_token: token,
      token_type: 'bearer',
      refresh_token: refreshToken,
      expires_in: expiresIn,
      scope: 'scim.me openid password.write approvals.me oauth.approvals',
      jti: createHash('sha256').update(token).digest('hex').slice(0, 32),
    });
  }

  function byPassword(form: URLSearchParams): Answer {
    const passcode = form.get('passcode');
    if (passcode !== null) {
      return passcodes.take(passcode) ? grant() : refusal('unauthorized', 'Invalid passcode');
    }
    const fault = user.fault(form);
    return fault === undefined ? grant() : refusal('unauthorized', fault);
  }

  function byRefreshToken(token: string): Answer {
    if (!(rotateRefreshTokens ? refreshTokens.take(token) : refreshTokens.knows(token))) {
      // It does quote what was sent.
      return refusal('invalid_token', `Invalid refresh token (expired): ${token}`);
    }
    return rotateRefreshTokens ? grant() : grant(token);
  }

  function answer({ headers, body }: Incoming): Answer {
    if (headers.authorization !== client) {
      return refusal('unauthorized', 'Bad credentials');
    }
    const form = new URLSearchParams(body);
    const type = form.get('grant_type');
    if (type === 'password') {
      return byPassword(form);
    }
    return type === 'refresh_token'
      ? byRefreshToken(form.get('refresh_token') ?? '')
      : jsonAnswer(400, { error: 'unsupported_grant_type', error_description: 'Unsupported grant type' });
  }

  return {
    serve: (incoming) => ({
      answer:
        incoming.path === '/oauth/token' && incoming.method === 'POST' && incoming.query.size === 0
          ? answer(incoming)
          : htmlAnswer(404, '<html><body>Not Found</body></html>'),
    }),
    takesUser: user.has,
    view: (tokenUrl) => ({
      tokenUrl,
      username: user.username,
      password: user.password,
      passcode: passcodes.issue,
      refreshToken: refreshTokens.issue,
      setPassword: user.setPassword,
      setTotpSecret: user.setTotpSecret,
      revokeRefreshTokens: refreshTokens.clear,
    }),
  };
}

const refusal = (error: string, description: string): Answer =>
  jsonAnswer(401, { error, error_description: description });
