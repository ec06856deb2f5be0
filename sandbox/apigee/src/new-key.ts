import { ApigeeError } from './apigee-error.ts';
import type { World } from './management-call.ts';
import { type App, attachProduct, type Product } from './organization.ts';

export function assertRoomForKey({ dialect }: World, app: App): void {
  const { keysPerApp } = dialect.rules;
  if (app.keys.length >= keysPerApp) {
    throw new ApigeeError(400, `An app has at most ${keysPerApp} keys`, { google: 'failed-precondition' });
  }
}

/** null stands for never; Apigee says so with -1. */
export function expiryAfter(ms: number, now: number): number | null {
  if (!Number.isSafeInteger(now + ms)) {
    throw new ApigeeError(400, 'The key would expire beyond all time');
  }
  return ms > 0 ? now + ms : null;
}

type Minted = { products: readonly Product[]; scopes: readonly string[]; expiresInMs: number };

/** Adds a key of Apigee's own choice, its products attached. */
export function mintKey(world: World, app: App, { products, scopes, expiresInMs }: Minted): void {
  const { org, dialect, fresh } = world;
  const { key, secret } = dialect.rules.generatedBytes;
  const now = world.now();
  assertRoomForKey(world, app);
  const minted = org.addKey(
    app,
    {
      consumerKey: fresh.text(key),
      consumerSecret: fresh.text(secret),
      status: 'approved',
      issuedAt: now,
      expiresAt: expiryAfter(expiresInMs, now),
      attributes: [],
      scopes,
    },
    now,
  );
  for (const product of products) {
    attachProduct(minted, product, now);
  }
}
