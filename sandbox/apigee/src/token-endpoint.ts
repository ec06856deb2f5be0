import type { AccessTokens } from './access-tokens.ts';
import { assertionClaims } from './assertion.ts';
import { googlePage } from './google-error.ts';
import { type Answer, htmlAnswer, type Incoming, jsonAnswer } from './loopback-server.ts';
import type { ServiceAccount } from './service-account.ts';
import type { Served } from './surface.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const googleTokenUrl = 'https://oauth2.googleapis.com/token';
/** The JWT bearer grant of a service account (RFC 7523). */
export function tokenEndpoint(account: ServiceAccount, tokens: AccessTokens): (incoming: Incoming) => Served {
  return ({ method, path, headers, body }) => {
    if (path !== '/token' || method !== 'POST') {
      return { answer: htmlAnswer(404, googlePage(404)) };
    }
    if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      return { answer: refusal('invalid_request', 'The body is a form') };
    }
    const form = new URLSearchParams(body);
    if (form.get('grant_type') !== grantType) {
      return { answer: refusal('unsupported_grant_type', 'Invalid grant_type') };
    }
    const audiences = [`http://${headers.host ?? ''}${path}`, googleTokenUrl];
    return { answer: grant(form.get('assertion') ?? '', audiences, account, tokens) };
  };
}

function grant(assertion: string, audiences: readonly string[], account: ServiceAccount, tokens: AccessTokens): Answer {
  const claims = assertionClaims(assertion, audiences, account);
  if (typeof claims === 'string') {
    return refusal('invalid_grant', claims);
  }
  const scopes = (claims.scope ?? '').split(' ').filter(Boolean);
  if (scopes.length === 0) {
    return refusal('invalid_scope', 'Empty or missing scope not allowed.');
  }
  const { token, expiresIn } = tokens.issue(scopes);
  return jsonAnswer(200, { access_token: token, expires_in: expiresIn, token_type: 'Bearer' });
}

const refusal = (error: string, description: string): Answer =>
  jsonAnswer(400, { error, error_description: description });

export const tokenEndpointWords = (status: number): Answer =>
  jsonAnswer(status, { error: status >= 500 ? 'internal_failure' : 'invalid_grant', error_description: 'Injected' });
