import type { IssueProvider, RetireProvider } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import type { Credential } from '@keyturn/rotation/credential';

/** One call that leaves the process of whoever makes it. `name` says what is called, by method and kind, never with ids; the same call has the same name in every run. */
export type Reach = <T>(name: string, run: () => T | Promise<T>) => Promise<T>;

export type LabProviderOptions = {
  readonly clock: Clock;
  /** Every call of the adapter to its provider goes through it: it may fail before or after, twice, late, or never come back. */
  readonly reach: Reach;
  /** Fresh text for key ids, secrets, tokens and ids; the same sequence in every run. */
  readonly newText: () => string;
};

export type LabKey = {
  readonly keyId: string;
  readonly secret: string;
  readonly enabled: boolean;
  readonly mark: string | undefined;
  readonly issuedAt: number;
  readonly entitlements: readonly string[];
};

/** A provider of credentials as the lab plays it: our adapter, and what is really so, seen behind its back and without any call. */
export type LabProvider = {
  readonly issue: IssueProvider;
  readonly retire: RetireProvider;
  readonly clientSuppliedKey: boolean;
  /** Its keys bear marks; true unless told otherwise. */
  readonly marks?: boolean;
  /** It tells whether a secret belongs to a key; true unless told otherwise. Where it does not, a person has the first key adopted before anything is rotated. */
  readonly provesPossession?: boolean;
  /** Two that exist. */
  readonly targets: readonly [string, string];
  /** As a person makes one in the portal; every node knows it already. */
  handMade(key: { readonly target: string; readonly mark?: string }): Credential;
  stored(target: string): readonly LabKey[];
  /** What each node says of the credential now; it counts as no call. */
  acceptedBy(credential: Credential): readonly boolean[];
  /** What a person does in the provider's console. */
  readonly hand: {
    remove(target: string, keyId: string): void;
    disable(target: string, keyId: string): void;
    enable(target: string, keyId: string): void;
    /** Adds, or takes away, an entitlement of every key of the target. */
    changeEntitlements(target: string): void;
    switchOff(target: string): void;
    switchOn(target: string): void;
  };
};

export type LabProviderFactory = (options: LabProviderOptions) => LabProvider;
