import type { Credential } from '@keyturn/rotation/credential';

import type { CredentialProvider } from './credential-provider.ts';

/**
 * Called before every test of the conformance suite: a provider under test and, behind its back, the thing it talks to. A fixture shares no
 * target and no key with another one.
 */
export type SetUp = () => Promise<ProviderFixture>;

export type ProviderFixture = {
  readonly provider: CredentialProvider;
  /** Exists and holds no key yet; a probe is configured for it. */
  readonly target: string;
  /** Exists too, holds no key, and belongs to somebody else. */
  readonly otherTarget: string;
  /** Well formed, and nothing of that name exists. */
  readonly missingTarget: string;
  /** What somebody might write into a tag by mistake or in bad faith. The suite adds an empty text, a URL and a path upwards. */
  readonly malformedTargets: readonly string[];
  /** Two at least that a key may have, sorted, as `EnsureRequest.entitlements` names them; the provider grants them at once. Empty where keys have none. */
  readonly entitlements: readonly string[];
  /** One that the provider leaves pending until somebody approves it; undefined where there is no such thing. */
  readonly manualEntitlement: string | undefined;
  /** How many keys a target holds at most; undefined: more than a test should make. */
  readonly maxKeys: number | undefined;
  /** The provider tells (or compares) the secret of a key, so that `secretMatches` is known. */
  readonly tellsSecret: boolean;
  /** false: the provider cannot tell where a key belongs, so that `locate` is refused and people name the target themselves. */
  readonly locates?: false;
  /** States that a key never has: what cannot be disabled is removed instead. All of them may be unless told otherwise. */
  readonly lacks?: readonly ('disabled' | 'expired')[];
  /** A key bears the mark it was made with: `mark` is unsupported, though the provider has marks. */
  readonly marksNewKeysAlone?: boolean;
  /** What a key is entitled to is said when it is made, and never changed. */
  readonly entitlesNewKeysAlone?: boolean;
  /** A target knows its own keys alone, so that the same one may be in two. */
  readonly keysByTarget?: boolean;
  /** No error may show these: the administrator's credential and its like. The suite adds every key it meets. */
  readonly canaries: readonly string[];

  /**
   * Makes a key as a person does in a portal; where `overlap` is `none` one that works replaces the one before, and what is made disabled or expired
   * replaces nothing. With all of `entitlements` approved unless told otherwise; every node knows it already.
   */
  handMade(key?: HandMade): Promise<Credential>;
  /** What the provider really stores for a target, read behind the adapter's back, in any order. */
  stored(target: string): Promise<readonly StoredKey[]>;
  /** How finely the provider tells when a key was used, in milliseconds; a minute unless told otherwise. */
  readonly usageGrainMs?: number;
  /** Lets that much time pass for the provider and its nodes, in milliseconds. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;

  /** Switches `target` off, so that no key of it works. */
  readonly switchOff?: () => Promise<void>;
  /** A key in a target that no probe is configured for. */
  readonly unprobed?: () => Promise<{ readonly target: string; readonly credential: Credential }>;
  /** From now on whatever the probe calls accepts any key. */
  readonly acceptAnything?: () => Promise<void>;
  readonly faults?: Faults;
};

export type HandMade = {
  /** `target` of the fixture unless told otherwise. */
  readonly target?: string;
  readonly entitlements?: readonly string[];
  readonly mark?: string;
  readonly disabled?: boolean;
  readonly expired?: boolean;
};

export type StoredKey = {
  readonly keyId: string;
  readonly enabled: boolean;
  readonly mark: string | undefined;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
  /**
   * Everything that makes the key useful and that a careless write could lose, such as entitlements and attributes; compared by value, also between a
   * key and the one it was issued like. No mark, no time.
   */
  readonly rest: unknown;
};

/** Trouble on the way between the adapter and the provider's management API; data-plane probes do not meet it. */
export type Faults = {
  /** The nth write from now (the first is 1) takes effect, and its answer is lost. */
  loseAnswer(nth: number): void;
  /** From the nth write on, every write fails like an outage, before it has an effect, until `calm`. */
  failBefore(nth: number): void;
  /** Every request meets this until `calm`. `nonsense`: an answer that is none, such as an HTML page with status 200. */
  always(trouble: 'throttled' | 'unavailable' | 'denied' | 'nonsense'): void;
  calm(): void;
};
