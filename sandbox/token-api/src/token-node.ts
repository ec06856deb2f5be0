import type { NodeTiming } from '@keyturn/apigee-simulator/simulator';

import type { Token, TokenStore } from './token-store.ts';

/** One node of the data plane. It hears of keys late, and remembers for a while that it did not know one. */
export type TokenNode = {
  readonly number: number;
  /** The key that this secret is, if it fits and may be used here; as for a request. */
  readonly admit: (secret: string, fits?: (token: Token) => boolean) => Token | undefined;
  /** The same, and nobody asked. */
  readonly peek: (secret: string) => Token | undefined;
};

/** Secrets that were unknown are kept at most in this number; who probes with random keys must not fill the memory. */
const refusalsKept = 10_000;

/** `open`: everything is let in, as some key or other. */
export type Door = { open: boolean };

export function tokenNode(
  store: TokenStore,
  timing: NodeTiming,
  { now, number, door }: { readonly now: () => number; readonly number: number; readonly door: Door },
): TokenNode {
  const { propagationMs, revocationMs, negativeMs } = timing;
  const refusedUntil = new Map<string, number>();
  const delayOf = (good: boolean) => (good ? propagationMs : revocationMs);

  const seen = (token: Token) =>
    token.good.seen(now(), delayOf) === true &&
    store.target(token.target)?.good.seen(now(), delayOf) === true &&
    (token.expiresAt === undefined || now() < token.expiresAt);
  const isRefused = (secret: string) => (refusedUntil.get(secret) ?? -Infinity) > now();
  const peek = (secret: string) => (isRefused(secret) ? undefined : store.withSecret(secret).find(seen));

  return {
    number,
    peek,
    admit(secret, fits = () => true) {
      if (door.open) return store.ever()[0];
      if (isRefused(secret)) return undefined;
      refusedUntil.delete(secret);
      const token = store.withSecret(secret).find((one) => fits(one) && seen(one));
      if (token !== undefined) {
        store.used(token);
        return token;
      }
      if (refusedUntil.size >= refusalsKept) refusedUntil.clear();
      if (negativeMs > 0) refusedUntil.set(secret, now() + negativeMs);
      return undefined;
    },
  };
}
