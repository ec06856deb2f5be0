import type { Credential } from '@keyturn/rotation/credential';

import type { Capabilities, Use } from './credential-provider.ts';

/**
 * A provider that stores keys which we choose, and lets us list, mark, change and delete them: what an adapter for it has to say. The rules of the
 * contract stand in `keyStoreProvider`. Every call may be repeated; errors are PermanentError and TransientError.
 */
export type KeyStore = {
  readonly capabilities: Pick<Capabilities, 'lastUsed' | 'propagationMs' | 'revocationMs'>;
  /** What a target looks like; anything else is refused. It has to leave out what would lead elsewhere in a path. */
  readonly target: RegExp;
  /** PermanentError('target-missing'). */
  keys(target: string): Promise<readonly StoredCredential[]>;
  /** Every target, for `locate`. */
  find(keyId: string): Promise<(StoredCredential & { readonly target: string }) | undefined>;
  /** Nothing happens where the key exists already, in whatever target. PermanentError quota or misconfigured. */
  create(target: string, key: NewKey): Promise<void>;
  /** Changes what is given, and nothing else. */
  change(target: string, keyId: string, change: KeyChange): Promise<void>;
  delete(target: string, keyId: string): Promise<void>;
  /** One use on a fresh connection; undefined: accepted. */
  refused(
    target: string,
    credential: Credential,
  ): Promise<Extract<Use, { outcome: 'rejected' | 'no-probe' }> | undefined>;
  /** Text for a key id or a secret, 16 characters at least, fresh each time. */
  newText(): string;
};

export type StoredCredential = {
  readonly keyId: string;
  /** undefined where the provider does not tell it. */
  readonly secret: string | undefined;
  readonly state: 'enabled' | 'disabled' | 'unusable';
  readonly mark: string | undefined;
  readonly entitlements: readonly string[];
  /** Milliseconds since 1970. */
  readonly issuedAt: number | undefined;
  readonly lastUsedAt: number | undefined;
};

export type NewKey = {
  readonly keyId: string;
  readonly secret: string;
  readonly mark: string;
  readonly entitlements: readonly string[];
  /** The key that it follows: whatever else makes that one useful is copied from it. */
  readonly like: string | undefined;
};

export type KeyChange = {
  readonly enabled?: boolean;
  readonly mark?: string;
  readonly entitlements?: readonly string[];
};
