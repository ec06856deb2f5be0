import { createHash } from 'node:crypto';

import { hidden, type Hidden } from './hidden.ts';

/** Key id and secret. Both are secret material: with many providers the id alone opens the door. */
export type Credential = { readonly keyId: Hidden; readonly secret: Hidden };

export function credential(keyId: string, secret: string): Credential {
  return { keyId: hidden(keyId), secret: hidden(secret) };
}

export function sameKey(a: Credential, b: Credential): boolean {
  return a.keyId.reveal() === b.keyId.reveal();
}

export function sameCredential(a: Credential, b: Credential): boolean {
  return sameKey(a, b) && a.secret.reveal() === b.secret.reveal();
}

/** Six characters by which people can tell two keys apart; they reveal nothing of the key. */
export function fingerprint(keyId: Hidden): string {
  return createHash('sha256').update(keyId.reveal()).digest('hex').slice(0, 6);
}
