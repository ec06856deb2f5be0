import type { Credential } from '@keyturn/rotation/credential';
import type { Hidden } from '@keyturn/rotation/hidden';

/**
 * The port to a provider of credentials. A `target` says where a credential belongs (an app, a usage plan, a host group); its form is
 * the provider's own, it comes from a tag and is untrusted: it picks ids, never hosts.
 *
 * Every operation is idempotent; "already so" is success. Errors: PermanentError, TransientError. No message holds a key. A target that cannot
 * be one is PermanentError('misconfigured', field `target`); one that does not exist is target-missing, and never counts as a key that is gone.
 */
export type IssueProvider = {
  describe(): Promise<Capabilities>;

  /** The target of a key that a person pasted, or undefined where no target knows it. PermanentError('unsupported') where the provider cannot tell. */
  locate(request: { credential: Credential }): Promise<{ target: string } | undefined>;

  /**
   * A credential that may become the next one. Where we choose the key: fresh and random, and the provider hears nothing of it. Where the
   * provider chooses: created there, bearing `mark`; asked again with the same mark it answers with the key of the first call,
   * or removes that one where nobody can read its secret any more. What cannot be told from somebody else's key, or may be in
   * use already, is never removed: PermanentError key-conflict.
   */
  propose(request: ProposeRequest): Promise<Credential>;

  /**
   * Makes the target accept `credential`, entitled like `like` (or, at the first issue, as `entitlements` says), to no more and no less, and bearing
   * `mark`; marks are never copied. PermanentError: key-conflict (the key exists elsewhere, with another secret, or with another mark
   * than this version's), key-disabled (somebody revoked it, or removed one that only the provider can make), target-missing, quota,
   * misconfigured (an entitlement that does not exist), provider-refused; entitlements-differ with the field `entitlements` where the key exists and cannot
   * be made to do the same as `like`: it is given up, and the next rotation makes another.
   */
  ensure(request: EnsureRequest): Promise<void>;

  /**
   * Writes our mark on a key that was made by hand, and changes nothing else of it. PermanentError('not-yours') where the target has no such key, or
   * where it bears the mark of another secret or installation.
   */
  mark(request: { target: string; keyId: Hidden; mark: string }): Promise<void>;

  /** What the provider says of a credential (control plane) and, where a probe is asked for, whether it is accepted in use (data plane). */
  check(request: CheckRequest): Promise<CheckResult>;

  /** All keys of the target. PermanentError('unsupported') where the provider cannot list. */
  list(request: { target: string }): Promise<readonly ListedKey[]>;
};

/** The dangerous half, deployed as a function of its own. It refuses a key whose mark is not of the same installation and secret as `mark` (not-yours). */
export type RetireProvider = {
  /** Refuses the last usable key of the target (last-key). A key that is gone counts as disabled. */
  disable(request: RetireRequest): Promise<void>;
  /** A key that is gone cannot be enabled (not-yours). PermanentError('unsupported') where disabling is final. */
  enable(request: RetireRequest): Promise<void>;
  /** Refuses the last usable key of the target (last-key), but not a key that is disabled. */
  remove(request: RetireRequest): Promise<void>;
  list(request: { target: string }): Promise<readonly ListedKey[]>;
};

export type CredentialProvider = IssueProvider & RetireProvider;

/** What a provider can do. The platform relies on each flag, so each has a test in the conformance suite. */
export type Capabilities = {
  /** We choose key id and secret, and write them down before the provider hears of them. */
  readonly clientSuppliedKey: boolean;
  readonly listOwned: boolean;
  /** A key can bear our mark. Where it cannot, `check` has to tell `secretMatches`, which then proves whose it is. */
  readonly mark: boolean;
  readonly reversibleDisable: boolean;
  /**
   * How many keys of one target work at the same time. `none`: making a key (in `propose` where the provider chooses it, else in `ensure`) ends the one
   * before, in one write, and nothing brings that one back (so `reversibleDisable` is false). From then on `like` may be gone: a key that
   * bears `mark` took its place and tells what the next one may do.
   */
  readonly overlap: 'multi' | 'two-slot' | 'none';
  /** The provider tells when a key was last used. */
  readonly lastUsed: boolean;
  /** No node needs longer than this to accept a new key, in milliseconds. */
  readonly propagationMs: number;
  /** No node accepts a disabled key for longer than this, in milliseconds. */
  readonly revocationMs: number;
  /** Every key expires by itself, at a time that is fixed when it is made; `issuedAt` is known then. Otherwise none ever does. */
  readonly expiryOnCreate: boolean;
};

export type ProposeRequest = {
  readonly target: string;
  readonly mark: string;
  /**
   * Where the provider chooses the key and entitles it while it makes it: entitled like this one and to no more, or, at the first issue, as
   * `entitlements` says. PermanentError not-yours where the target has no such key; misconfigured as in `ensure`.
   */
  readonly like: Credential | undefined;
  readonly entitlements: readonly string[];
};

export type EnsureRequest = {
  readonly target: string;
  readonly credential: Credential;
  readonly like: Credential | undefined;
  /** In the provider's own words; used only where `like` is undefined. */
  readonly entitlements: readonly string[];
  readonly mark: string;
  /** Approve entitlements that the provider leaves pending. */
  readonly approve: boolean;
};

export type CheckRequest = {
  readonly target: string;
  readonly credential: Credential;
  /**
   * `credential`: use the credential `times` times in a row, each on a fresh connection. `random`: use a random key of the same form, which must
   * be refused. `none`: ask the control plane alone.
   */
  readonly probe: 'none' | 'credential' | 'random';
  readonly times: number;
  /**
   * Tell `lastUsedAt`, also where the provider has to be asked for it separately. Whoever asks waits for it: a use that cannot be told is a
   * TransientError (or PermanentError, where somebody has to change something), never "not used". Without it, it may be left out.
   */
  readonly usage?: boolean | undefined;
};

export type CheckResult = { readonly key: KeyState; readonly use: Use };

export type KeyState =
  | { readonly state: 'absent' }
  | {
      /** `unusable`: expired, or its target is switched off. */
      readonly state: 'enabled' | 'disabled' | 'unusable';
      /** undefined where the provider never tells the secret. */
      readonly secretMatches: boolean | undefined;
      readonly mark: string | undefined;
      /** Sorted, in the provider's own words; one string each. */
      readonly entitlements: readonly string[];
      /** Milliseconds since 1970 by the provider's clock. */
      readonly issuedAt: number | undefined;
      /**
       * No call of the key is known to be later than this; the same clock. Left out until it was used, by providers that cannot tell, and where
       * `usage` was not asked for.
       */
      readonly lastUsedAt?: number | undefined;
    };

export type Use =
  | { readonly outcome: 'not-asked' }
  /** No probe is configured for this target. */
  | { readonly outcome: 'no-probe' }
  | { readonly outcome: 'accepted' }
  /** `code` is the provider's own, safe to print. `final`: waiting does not change it. */
  | { readonly outcome: 'rejected'; readonly code: string; readonly final: boolean };

export type ListedKey = {
  readonly keyId: Hidden;
  readonly state: 'enabled' | 'disabled' | 'unusable';
  readonly mark: string | undefined;
  readonly issuedAt: number | undefined;
};

export type RetireRequest = { readonly target: string; readonly keyId: Hidden; readonly mark: string };
