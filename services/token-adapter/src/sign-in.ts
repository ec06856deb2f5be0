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

/**
 * `master`: name of the secret, the provider's own unless given. `refused`: that one was just refused, and `worked` before or never; the secret is read
 * again. The same comes back where there is no other.
 */
export type SignIn = (master?: string, refused?: Refused) => Promise<Session>;
export type Refused = { readonly session: Session; readonly worked: boolean };

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
  const kept = new Map<string, Kept>();
  const denied = new Map<string, Denied>();

  return async (named, refused) => {
    const master = named ?? ownMaster(own);
    const known = kept.get(master);
    if (known !== undefined && known.session !== refused?.session && isAlive(known.session)) return known.session;
    const values = Object.fromEntries(await readMaster(secrets, master, names));
    const text = JSON.stringify(values);
    // What never was good is not tried again: accounts are locked after a few wrong passwords.
    if (refused?.worked === false && known?.text === text) return refused.session;
    refuseDenied(denied.get(master), text);
    const session = await beginOrNote(master, { values, text });
    // The same once more: it would be refused as well.
    if (refused !== undefined && isSame(refused.session, session)) return refused.session;
    kept.set(master, { session, text });
    return session;
  };

  async function beginOrNote(master: string, { values, text }: { readonly values: Values; readonly text: string }) {
    try {
      return await begin(values, { config, http });
    } catch (error) {
      if (isDenial(error)) denied.set(master, { text, error, until: http.clock.now() + deniedForMs });
      throw error;
    }
  }

  function isAlive({ until }: Session): boolean {
    return http.clock.now() < until;
  }

  function refuseDenied(before: Denied | undefined, text: string): void {
    if (before?.text === text && http.clock.now() < before.until) throw before.error;
  }
}

function ownMaster(own: string | undefined): string {
  if (own !== undefined) return own;
  throw new PermanentError('misconfigured', 'A master is needed', { field: 'adminSecret' });
}

/** `text`: what the master secret held. */
type Kept = { readonly session: Session; readonly text: string };
type Denied = { readonly text: string; readonly error: PermanentError; readonly until: number };
const deniedForMs = 900_000;
const isDenial = (error: unknown): error is PermanentError =>
  error instanceof PermanentError && error.reason === 'access-denied';

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
