import type { Credential } from '@keyturn/rotation/credential';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { ApigeeApp, ApigeeKey, Attribute } from './apigee-app.ts';
import type { Owner, Target } from './target.ts';

export type KeyRef = Target & { readonly keyId: Hidden };
type Words = Pick<ApigeeKey, 'attributes' | 'scopes'>;

/**
 * The keys of apps, by the calls of the management API. `no-key`: the app does not have the key, which right after its creation may only be a
 * lag. Where a call takes attributes and scopes, it is told those that the key has, or those that it shall have: some owners' calls replace
 * both.
 */
export type Keys = {
  app(target: Target): Promise<ApigeeApp>;
  /** The owner's switch; of a developer, who may be named by id, the address. */
  owner(owner: Owner): Promise<{ readonly email: string | undefined; readonly active: boolean }>;
  /** Whichever app of the organization has the key, whoever owns it. */
  appWith(keyId: Hidden): Promise<ApigeeApp | undefined>;
  get(ref: KeyRef): Promise<ApigeeKey | 'no-key'>;
  /** A new key is entitled to nothing. `key-exists`: in this app or another one. */
  create(target: Target, credential: Credential): Promise<ApigeeKey | 'key-exists'>;
  /**
   * Apigee makes a key, and whatever it is not told of the app is gone. Never repeated: a second call makes a second key. Gives the app
   * afterwards.
   */
  mint(target: Target, app: MintedApp): Promise<ApigeeApp>;
  /** Adds products, and replaces all attributes. */
  update(ref: KeyRef, change: { readonly products: readonly string[] } & Words): Promise<ApigeeKey | 'no-key'>;
  /** Replaces the scopes. */
  setScopes(ref: KeyRef, change: Words): Promise<ApigeeKey | 'no-key'>;
  approveProduct(ref: KeyRef, product: string): Promise<'done' | 'no-key'>;
  removeProduct(ref: KeyRef, product: string): Promise<'done' | 'no-key'>;
  act(ref: KeyRef, action: 'approve' | 'revoke', key: Words): Promise<'done' | 'no-key'>;
  delete(ref: KeyRef): Promise<'done' | 'no-key'>;
};

export type MintedApp = {
  /** Of the new key. */
  readonly products: readonly string[];
  readonly scopes: readonly string[];
  /** Of the app. */
  readonly attributes: readonly Attribute[];
  readonly callbackUrl: string;
};
