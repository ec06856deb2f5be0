import { type Timeline, timeline } from '@keyturn/apigee-simulator/timeline';

import type { StoredToken } from './simulator.ts';

export type Token = StoredToken & {
  /** Everything that came from one token by rotation; another key's is its own id. */
  readonly family: string;
  readonly gone: boolean;
  /** Whether it may be used, as far as it says itself: what nodes hear of late. */
  readonly good: Timeline<boolean>;
};
type Target = { readonly name: string; on: boolean; readonly good: Timeline<boolean> };
export type NewToken = Pick<Token, 'target' | 'keyId' | 'secret'> &
  Partial<Pick<Token, 'name' | 'enabled' | 'scopes' | 'expiresAt' | 'family'>>;
type Changed = Partial<Pick<Token, 'name' | 'enabled' | 'scopes' | 'gone'>>;

/** What is really there. Nothing is forgotten: a node may still know what is gone. */
export type TokenStore = {
  readonly addTarget: (name: string) => void;
  readonly target: (name: string) => Target | undefined;
  readonly targets: () => readonly string[];
  readonly switchTarget: (name: string, on: boolean) => void;
  /** Those that are not gone, oldest first. */
  readonly of: (target: string) => readonly Token[];
  /** Not gone. */
  readonly find: (keyId: string) => Token | undefined;
  /** `since`: from when on nodes may know it; now when absent. */
  readonly add: (token: NewToken, since?: number) => Token;
  readonly change: (keyId: string, change: Changed) => void;
  readonly used: (token: Token) => void;
  /** Every key that ever had this secret. */
  readonly withSecret: (secret: string) => readonly Token[];
  /** Those that are gone, too. */
  readonly ever: () => readonly Token[];
};

/** Every node knows it already. */
export const longAgo = -Infinity;

type Held = { -readonly [Name in keyof Token]: Token[Name] };

export function tokenStore(now: () => number): TokenStore {
  const targets = new Map<string, Target>();
  const held = new Map<string, Held>();
  const bySecret = new Map<string, Held[]>();

  const settle = (token: Held) => token.good.set(token.enabled && !token.gone, now());
  return {
    addTarget(name) {
      if (!targets.has(name)) targets.set(name, { name, on: true, good: timeline(true, longAgo) });
    },
    target: (name) => targets.get(name),
    targets: () => [...targets.keys()],
    switchTarget(name, on) {
      targets.get(name)?.good.set(on, now());
      const target = targets.get(name);
      if (target !== undefined) target.on = on;
    },
    of: (target) => [...held.values()].filter((token) => token.target === target && !token.gone),
    find(keyId) {
      const token = held.get(keyId);
      return token?.gone === false ? token : undefined;
    },
    add({ name = '', enabled = true, scopes = [], expiresAt, family, ...token }, since = now()) {
      if (held.has(token.keyId)) throw new Error(`There was a key ${token.keyId} before`);
      const facts = { name, enabled, scopes, expiresAt, createdAt: now(), lastUsedAt: undefined, gone: false };
      const good = timeline(enabled, since);
      const added = { ...token, ...facts, family: family ?? token.keyId, good };
      held.set(token.keyId, added);
      bySecret.set(token.secret, [...(bySecret.get(token.secret) ?? []), added]);
      return added;
    },
    change(keyId, change) {
      const token = held.get(keyId);
      if (token === undefined || token.gone) return;
      Object.assign(token, change);
      settle(token);
    },
    used(token) {
      const one = held.get(token.keyId);
      if (one !== undefined) one.lastUsedAt = now();
    },
    withSecret: (secret) => bySecret.get(secret) ?? [],
    ever: () => [...held.values()],
  };
}

export const storedView = (token: Token): StoredToken => {
  const { target, keyId, secret, name, enabled, scopes, createdAt, expiresAt, lastUsedAt } = token;
  return { target, keyId, secret, name, enabled, scopes, createdAt, expiresAt, lastUsedAt };
};
