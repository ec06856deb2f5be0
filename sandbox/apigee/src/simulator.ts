import type { EdgeLogin, EdgeLoginOptions, WorkloadIdentity, WorkloadIdentityOptions } from './simulated-identity.ts';

/** What the rest of the sandbox may rely on. `apigeeSimulator(options)` in apigee-simulator.ts gives it. */
export type ApigeeSimulator = {
  readonly organization: string;
  readonly flavour: Flavour;
  /** Base URL of the management API, `/v1` included: requests go to `${managementUrl}/organizations/…`. */
  readonly managementUrl: string;
  /** Where tokens are had: Google's token endpoint, or for Edge and OPDK their login server. */
  readonly tokenUrl: string;
  /** One URL in front of all nodes, which take requests in turn (one request, one node, also on a kept connection). */
  readonly gatewayUrl: string;
  /** Each node by itself, in the order of the options. */
  readonly nodeUrls: readonly string[];
  /** The same control over HTTP, for another process: see control-server.ts. */
  readonly controlUrl: string;
  /**
   * A service-account key file whose token_uri is tokenUrl; it may do everything in the organization. google-auth-library 10 ignores
   * token_uri and always claims Google's own endpoint as its audience, so the token endpoint takes both audiences.
   */
  readonly serviceAccount: ServiceAccountKey;
  /** Edge and OPDK: their login server, and the user, who may do everything in the organization, by basic authorization too. */
  readonly edgeLogin: EdgeLogin;
  /** X and hybrid: how a role of AWS gets a token without any key of Google's. */
  readonly workloadIdentity: WorkloadIdentity;

  /** Adds to what is there, or replaces what has the same name. Nodes know a seeded thing at once. */
  seed: (seed: Seed) => void;
  app: (app: AppName) => AppView;
  /** Every key of the app, oldest first. Throws when the app does not exist. */
  keys: (app: AppName) => readonly KeyView[];
  /** What a person does in the Apigee console: no request, no log row, seen by the nodes with their usual delay. */
  readonly hand: Hand;

  /** The next matching requests end as the fault says. The oldest live fault wins. */
  inject: (fault: Fault) => InjectedFault;
  clearFaults: () => void;
  /** A valid management access token, for a test that calls the management API itself. */
  accessToken: () => string;
  /** Ends one management access token, or all that were handed out until now. */
  revokeAccessToken: (token?: string) => void;
  /** Every request so far, oldest first, all surfaces but the control. */
  requests: () => readonly RequestRecord[];
  /** Ends every server and every open connection; safe to call twice. */
  close: () => Promise<void>;
};

/**
 * X and hybrid share Google's management API, with developers and app groups. Edge (Google's cloud) and OPDK (the same on one's own
 * machines) share the older one, with developers and companies. How hybrid's nodes lag is said by their timings.
 */
export type Flavour = 'x' | 'hybrid' | 'edge' | 'opdk';

export type SimulatorOptions = {
  /** x when absent. */
  flavour?: Flavour;
  organization?: string;
  /** Milliseconds since 1970; the wall clock when absent. */
  clock?: { now(): number };
  /** Three nodes without any delay when absent. */
  nodes?: readonly NodeTiming[];
  /** Lifetime of a management access token; 3599 when absent, as Google says, 1799 for Edge and OPDK, as Edge's documentation says. */
  accessTokenSeconds?: number;
  edgeLogin?: EdgeLoginOptions;
  workloadIdentity?: WorkloadIdentityOptions;
  /** Lifetime of a token from the gateway's /oauth/token; 3599 when absent. */
  gatewayTokenSeconds?: number;
  /** Where the proxies are deployed, all in each; ['prod'] when absent. Analytics are asked for by environment; calls count in the first. */
  environments?: readonly string[];
  /** A call shows in the analytics only so long after it; at once when absent. */
  analyticsLagMs?: number;
  /** 'refused': whoever calls the management API lacks the permission to read analytics. 'allowed' when absent. */
  analytics?: 'allowed' | 'refused';
  unsettled?: Unsettled;
  /** Letters, digits, `-` and `_` that no call gave before, of so many random bytes, for keys, passwords and tokens; by chance when absent. */
  newText?: (bytes: number) => string;
  /** The same for ids that are no secret; UUIDs when absent. */
  newId?: () => string;
};

/** Where public sources leave open what Apigee does: a client has to work with every choice. */
export type Unsettled = {
  /** approve and revoke of a key of X answer 204 without a body (the default), or 200 with the key. */
  keyActionStatus?: 200 | 204;
  /** The status of a created key: 200 on X when absent, 201 on Edge, as its API description has it. */
  createdStatus?: 200 | 201;
  /** Creating a key keeps the attributes and scopes of the request; it drops them when absent. */
  createKeepsAttributes?: boolean;
  /** A product that does not exist; 404 when absent. */
  unknownProductStatus?: 400 | 404;
  /**
   * POST on an app without products: 'key' answers with one that has none, 'no-key' answers 200 and makes none (seen on OPDK, its default),
   * 'refused' is a 400 (an organization's flag makes products mandatory). 'key' when absent, but for OPDK.
   */
  productlessMint?: 'key' | 'no-key' | 'refused';
  /** POST on a company's app mints, as on a developer's (the default). Edge's description knows it as an approval alone: false is a 400. */
  companyPostMints?: boolean;
  /** A change of an app group's key that says nothing of attributes and scopes keeps them; it wipes them when absent. */
  groupKeyKeepsUntold?: boolean;
  /** What the body of Edge's 401 and 403 is; json when absent. */
  refusalBody?: 'json' | 'empty' | 'html';
};

export type NodeTiming = {
  /** Until the node knows a new key, or an approval of a key, an app or a developer. */
  propagationMs: number;
  /** Until the node knows a product that was added to a key or approved on it; propagationMs when absent. */
  productPropagationMs?: number;
  /** How long the node goes on accepting what was revoked, deleted or taken away. */
  revocationMs: number;
  /** How long the node goes on refusing a key that it once did not know. */
  negativeMs: number;
};

export type Owner = { developer: string } | { company: string } | { appGroup: string };
/** The app's name alone is enough while only one owner has an app of that name. */
export type AppName = string | (Owner & { app: string });

export type Seed = {
  products?: readonly SeedProduct[];
  developers?: readonly SeedDeveloper[];
  /** Edge and OPDK alone have companies. */
  companies?: readonly SeedGroup[];
  /** X and hybrid alone have app groups. */
  appGroups?: readonly SeedGroup[];
};
export type SeedProduct = {
  name: string;
  /** manual ⇒ the product is `pending` on a key until someone approves it. auto when absent. */
  approval?: 'auto' | 'manual';
  /** The gateway paths it covers, each with everything below it: `/orders` covers `/orders` and `/orders/42`. */
  paths: readonly string[];
  /** The scopes that a key with this product may have. */
  scopes?: readonly string[];
};
export type SeedDeveloper = {
  email: string;
  status?: OwnerStatus;
  apps?: readonly SeedApp[];
};
/** A company or an app group. */
export type SeedGroup = {
  name: string;
  status?: OwnerStatus;
  apps?: readonly SeedApp[];
};
export type SeedApp = {
  name: string;
  status?: Approval;
  attributes?: readonly Attribute[];
  callbackUrl?: string;
  keys?: readonly SeedKey[];
};
export type SeedKey = {
  consumerKey: string;
  consumerSecret: string;
  status?: Approval;
  /** Names, or names with a status on this key. A bare name is approved. */
  products?: readonly (string | { name: string; status: ProductStatus })[];
  attributes?: readonly Attribute[];
  scopes?: readonly string[];
  /** Milliseconds since 1970; never when absent. */
  expiresAt?: number;
  issuedAt?: number;
};

export type Approval = 'approved' | 'revoked';
export type ProductStatus = Approval | 'pending';
export type OwnerStatus = 'active' | 'inactive';
export type Attribute = { name: string; value: string };

export type AppView = {
  name: string;
  appId: string;
  owner: Owner;
  status: Approval;
  attributes: readonly Attribute[];
  callbackUrl: string;
};
export type KeyView = {
  consumerKey: string;
  status: Approval;
  products: readonly { name: string; status: ProductStatus }[];
  attributes: readonly Attribute[];
  scopes: readonly string[];
  issuedAt: number;
  /** null: never. */
  expiresAt: number | null;
};

export type Hand = {
  addKey: (app: AppName, key: SeedKey) => void;
  setKeyStatus: (app: AppName, consumerKey: string, status: Approval) => void;
  setProductStatus: (app: AppName, consumerKey: string, product: string, status: ProductStatus) => void;
  removeProduct: (app: AppName, consumerKey: string, product: string) => void;
  setKeyAttributes: (app: AppName, consumerKey: string, attributes: readonly Attribute[]) => void;
  deleteKey: (app: AppName, consumerKey: string) => void;
  setAppStatus: (app: AppName, status: Approval) => void;
  setDeveloperStatus: (email: string, status: OwnerStatus) => void;
  setCompanyStatus: (name: string, status: OwnerStatus) => void;
  setAppGroupStatus: (name: string, status: OwnerStatus) => void;
};

export type Surface = 'management' | 'token' | 'gateway';

export type Fault = {
  surface: Surface;
  /** Any method when absent. */
  method?: string;
  /** Source of a regular expression, tested on the path as it was sent (still encoded, no query); any path when absent. */
  path?: string;
  /** A gateway node's number, from 0; any node when absent. */
  node?: number;
  /** So many matching requests go through first; 0 when absent. */
  skip?: number;
  /** So many requests are hit; 1 when absent, 'always' until cleared. */
  times?: number | 'always';
  /** The request takes its effect first, then the caller is answered as below: an answer lost on its way. */
  afterEffect?: boolean;
  answer: FaultAnswer;
};
export type FaultAnswer =
  /** The status with the body that this surface would send. retryAfterSeconds sets the header Retry-After. */
  | { kind: 'status'; status: number; retryAfterSeconds?: number }
  /** A load balancer's page instead of JSON. */
  | { kind: 'html'; status: number }
  /** No body at all. */
  | { kind: 'empty'; status: number }
  /** Never answered: the caller has to time out. */
  | { kind: 'silence' }
  | { kind: 'reset' };
export type InjectedFault = { readonly id: number; hits: () => number; clear: () => void };

export type RequestRecord = {
  /** Milliseconds since 1970, by the simulator's clock. */
  at: number;
  surface: Surface;
  /** The gateway node that took it. */
  node?: number | undefined;
  method: string;
  /** As sent, without the query. Management paths hold key ids. */
  path: string;
  /** Names only. */
  query: readonly string[];
  /**
   * The discovery document's method id, e.g. `apigee.organizations.developers.apps.keys.create.create`. Edge has none: `edge.` and the
   * nouns of the path and a verb, e.g. `edge.companies.apps.keys.create`.
   */
  operation?: string | undefined;
  /** Whether query and body fit the description of the flavour; absent where it was not asked (no such path, no access, a fault before). */
  fits?: boolean | undefined;
  /** null: no answer was sent. */
  status: number | null;
  /** The id of the fault that hit it. */
  fault?: number | undefined;
};

/** A Google service-account key file. */
export type ServiceAccountKey = {
  type: 'service_account';
  project_id: string;
  private_key_id: string;
  private_key: string;
  client_email: string;
  client_id: string;
  auth_uri: string;
  token_uri: string;
  auth_provider_x509_cert_url: string;
  client_x509_cert_url: string;
  universe_domain: string;
};
