import type { NodeTiming } from '@keyturn/apigee-simulator/simulator';

/** After whose public documentation it answers; `keys` and `portal` are after nobody's in particular. ../README.md names the sources. */
export type DialectName = 'keys' | 'datadog' | 'okta' | 'gitlab' | 'portal';

export type TokenApiOptions = {
  readonly dialect: DialectName;
  /** Milliseconds since 1970; the wall clock when absent. */
  readonly clock?: { now(): number };
  /** Of the data plane; three without any delay when absent. */
  readonly nodes?: readonly NodeTiming[];
  /** How many keys a target holds (Datadog: the organization, the administrator's own included); as the dialect has it when absent. */
  readonly maxKeys?: number;
  /** How many keys a list shows at once where nobody asks for a number; 20 when absent. Datadog's own is 10. */
  readonly pageSize?: number;
  /** `keys` and `gitlab`: the scopes that there are. */
  readonly scopes?: readonly string[];
  /** `okta`: what `client_secret` is in every answer but that of a creation. 'secret' when absent, as Okta's guide shows a list; 'hash' is what API service integrations do. */
  readonly oktaShows?: 'hash' | 'secret' | 'nothing';
  readonly portal?: PortalOptions;
  /** Letters, digits, `-` and `_` that no call gave before, of so many random bytes; by chance when absent. */
  readonly newText?: (bytes: number) => string;
  /** The same for ids that are no secret; UUIDs when absent. */
  readonly newId?: () => string;
};

export type PortalOptions = {
  /** How long a session lasts after its login; 1800 when absent. */
  readonly sessionSeconds?: number;
  /** What a request without a living session meets; 'redirect' (to the login page) when absent. 'page': the login page, with 200. */
  readonly withoutSession?: 'redirect' | 'page' | 401 | 403;
  /** A key has a label, which its maker chooses; true when absent. */
  readonly labels?: boolean;
  /** So many wrong passwords lock the account; 3 when absent. */
  readonly lockAfter?: number;
};

/** A key as it really is. */
export type StoredToken = {
  readonly target: string;
  readonly keyId: string;
  readonly secret: string;
  /** Empty where the dialect has no names. */
  readonly name: string;
  readonly enabled: boolean;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly lastUsedAt: number | undefined;
};

export type HandMadeToken = {
  readonly target: string;
  readonly name?: string;
  readonly scopes?: readonly string[];
  readonly disabled?: boolean;
  /** GitLab: in 300 days when absent; else never. */
  readonly expiresAt?: number;
};

/** What a person does in the provider's console. Nothing happens to a key that is gone. */
export type TokenHand = {
  readonly remove: (keyId: string) => void;
  readonly disable: (keyId: string) => void;
  readonly enable: (keyId: string) => void;
  readonly rename: (keyId: string, name: string) => void;
  readonly setScopes: (keyId: string, scopes: readonly string[]) => void;
  /** No key of the target works any more. */
  readonly switchOff: (target: string) => void;
  readonly switchOn: (target: string) => void;
  /** The administrator may only do these from now on; all when it is new. */
  readonly restrict: (rights: readonly Right[]) => void;
  /** The administrator gets a new credential; the old one is dead. */
  readonly changeAdmin: () => void;
  /** `portal`: every session ends now. */
  readonly endSessions: () => void;
  /** `portal`: who was locked out may try again. */
  readonly unlock: () => void;
};
export type Right = 'read' | 'write' | 'delete';

export type Trouble = 'throttled' | 'unavailable' | 'denied' | 'nonsense' | 'error-in-200';

/** Trouble of the management API; logins and the data plane never meet the first two. */
export type TokenFaults = {
  /** The nth write from now (the first is 1) takes effect, and its answer is lost. */
  readonly loseAnswer: (nth: number) => void;
  /** From the nth write on, every write fails like an outage, before it has an effect, until `calm`. */
  readonly failBefore: (nth: number) => void;
  /** Every request meets this until `calm`. */
  readonly always: (trouble: Trouble) => void;
  readonly calm: () => void;
};

/** A request to the management API; no value of it. */
export type LoggedRequest = {
  readonly at: number;
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  /** undefined: the answer was lost. */
  readonly status: number | undefined;
};
export type RequestKind = 'read' | 'write' | 'login';
