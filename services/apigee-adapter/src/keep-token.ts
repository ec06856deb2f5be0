import type { Clock } from '@keyturn/rotation/clock';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { Authorize } from './authorize.ts';

/** What proves us for a while; `lifetimeMs` from now on, Infinity for what ends by being refused alone. */
export type Granted = { readonly authorization: Hidden; readonly lifetimeMs: number };

// No call should set out with a token that ends on its way, in milliseconds.
const marginMs = 60_000;

/** Keeps what `ask` gave until shortly before it ends or until it is refused. Many callers at once ask once. */
export function keepToken(ask: () => Promise<Granted>, clock: Clock): Authorize {
  let kept: { readonly authorization: Hidden; readonly until: number } | undefined;
  let asking: Promise<Hidden> | undefined;

  const askAndKeep = async () => {
    const { authorization, lifetimeMs } = await ask();
    kept = { authorization, until: clock.now() + lifetimeMs - marginMs };
    return authorization;
  };
  return (refused) => {
    if (kept !== undefined && kept.authorization !== refused && clock.now() < kept.until) {
      return Promise.resolve(kept.authorization);
    }
    asking ??= askAndKeep().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
