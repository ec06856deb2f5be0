import type { Fresh } from './fresh.ts';

export type AccessTokens = {
  /** A new token; it may call the management API when its scopes hold cloud-platform. */
  issue: (scopes: readonly string[]) => { token: string; expiresIn: number };
  accessOf: (token: string) => 'full' | 'other-scope' | 'none';
  /** One token, or all of them. */
  revoke: (token?: string) => void;
  /** Where a user may call by name and password: whether these are right. */
  takesUser?: (username: string, password: string) => boolean;
};

export const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';

export function accessTokens(now: () => number, lifetimeSeconds: number, fresh: Fresh): AccessTokens {
  const tokens = new Map<string, { expiresAt: number; full: boolean }>();
  return {
    issue(scopes) {
      for (const [token, { expiresAt }] of tokens) {
        if (expiresAt <= now()) {
          tokens.delete(token);
        }
      }
      const token = `ya29.${fresh.text(48)}`;
      tokens.set(token, { expiresAt: now() + lifetimeSeconds * 1000, full: scopes.includes(cloudPlatform) });
      return { token, expiresIn: lifetimeSeconds };
    },
    accessOf(token) {
      const known = tokens.get(token);
      if (known === undefined || known.expiresAt <= now()) {
        return 'none';
      }
      return known.full ? 'full' : 'other-scope';
    },
    revoke(token) {
      if (token === undefined) {
        tokens.clear();
      } else {
        tokens.delete(token);
      }
    },
  };
}
