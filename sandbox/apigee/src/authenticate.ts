import type { AccessTokens } from './access-tokens.ts';
import type { Incoming } from './loopback-server.ts';

/** 'unknown': nobody is recognised. 'no-permission': somebody is, who may not do what the management API does. */
export type Access = 'full' | 'no-permission' | 'unknown';

/** Who calls the management API, by the request's Authorization header. */
export function authenticate({ headers }: Incoming, tokens: AccessTokens): Access {
  const [, basic] = /^Basic (\S+)$/iu.exec(headers.authorization ?? '') ?? [];
  if (basic !== undefined) {
    const [username = '', ...password] = Buffer.from(basic, 'base64').toString().split(':');
    return tokens.takesUser?.(username, password.join(':')) === true ? 'full' : 'unknown';
  }
  const [, token = ''] = /^Bearer (\S+)$/iu.exec(headers.authorization ?? '') ?? [];
  const access = tokens.accessOf(token);
  if (access === 'none') {
    return 'unknown';
  }
  return access === 'full' ? 'full' : 'no-permission';
}
