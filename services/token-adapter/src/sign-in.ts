import type { SecretReader } from '@keyturn/aws/secret-store';
import type { TokenConfig } from '@keyturn/config/config';
import { placeholdersOf } from '@keyturn/config/token-text';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { PermanentError } from '@keyturn/rotation/errors';

import { askToken } from './ask-token.ts';
import { fillFields, fillText, type Values } from './fill-template.ts';
import { logIn } from './log-in.ts';
import { readMaster } from './master-secret.ts';
import { basicHeader, type Session } from './session.ts';

/** `master`: name of the secret, the provider's own unless given. `refused`: that one was just refused; the secret is read again. */
export type SignIn = (master?: string, refused?: Session) => Promise<Session>;

export type SignInOptions = {
  readonly config: Pick<TokenConfig, 'auth' | 'adminSecret' | 'retireSecret' | 'urls'>;
  /** Retiring has an identity of its own where the configuration names one. */
  readonly duty: 'issue' | 'retire';
  readonly secrets: Pick<SecretReader, 'value'>;
  readonly http: HttpOptions;
};

/** Sessions as `auth` of the configuration says, kept until they end or are refused; one for each master. */
export function signInBy({ config, duty, secrets, http }: SignInOptions): SignIn {
  const own = duty === 'retire' ? (config.retireSecret ?? config.adminSecret) : config.adminSecret;
  const names = [...new Set(placeholdersOf(config.auth))].filter((name) => /^master(\.|$)/.test(name));
  const kept = new Map<string, Session>();

  return async (master = own, refused) => {
    if (master === undefined) throw new PermanentError('misconfigured', 'A master is needed', { field: 'adminSecret' });
    const known = kept.get(master);
    if (known !== undefined && known !== refused && http.clock.now() < known.until) return known;
    const values = Object.fromEntries(await readMaster(secrets, master, names));
    const session = await begin(values, { config, http });
    // The same once more: it would be refused as well.
    if (refused !== undefined && isSame(refused, session)) return refused;
    kept.set(master, session);
    return session;
  };
}

type Deps = { readonly config: Pick<TokenConfig, 'auth' | 'urls'>; readonly http: HttpOptions };

async function begin(values: Values, { config, http }: Deps): Promise<Session> {
  const { auth, urls } = config;
  switch (auth.as) {
    case 'headers':
      return forEver(fillFields(auth.headers, values));
    case 'basic':
      return forEver({ authorization: basicHeader(fillText(auth.username, values), fillText(auth.password, values)) });
    case 'oauth':
      return askToken(auth, values, { urls, http });
    case 'login':
      return logIn(auth, values, { urls, http });
  }
}

const forEver = (headers: Readonly<Record<string, string>>): Session => ({ headers: () => headers, until: Infinity });

const isSame = (one: Session, other: Session) => JSON.stringify(one.headers()) === JSON.stringify(other.headers());
