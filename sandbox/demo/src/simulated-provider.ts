import type { SecretReader } from '@keyturn/aws/secret-store';
import type { ProviderConfig } from '@keyturn/config/config';
import type { CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import * as z from 'zod';

const httpApplication = z.object({
  as: z.literal('http'),
  /** Each is asked in turn. */
  urls: z.array(z.string()).readonly(),
  header: z.string(),
  /** Put before the value, such as `Bearer `. */
  prefix: z.string().optional(),
  /** Of the secret's JSON: what is sent. */
  field: z.string(),
  /** Where the code of a refusal stands in the JSON of the answer, step by step. The load generator tells refusals apart by it. */
  errorCode: z.array(z.string()).readonly().optional(),
});

const sshApplication = z.object({
  as: z.literal('ssh'),
  /** Each is logged in to in turn. `hostKey`: as in known_hosts, `ssh-ed25519 AAAA…`; no other is taken. */
  hosts: z.array(z.object({ port: z.int(), hostKey: z.string() })).readonly(),
  user: z.string(),
  /** Of the secret's JSON: the private key. */
  field: z.string(),
});

/** How an application uses what it reads; goes to the load generator's own process as JSON. */
export const application = z.discriminatedUnion('as', [httpApplication, sshApplication]);
export type Application = Readonly<z.output<typeof application>>;
export type HttpApplication = Readonly<z.output<typeof httpApplication>>;
export type SshApplication = Readonly<z.output<typeof sshApplication>>;

export type SimulatedKey = { readonly keyId: string; readonly enabled: boolean };

/** A provider that runs on 127.0.0.1, one hand-made key in it, and what its console shows. */
export type SimulatedProvider = {
  /** What stands under `providers.<id>` of the configuration, but `propagation` and `revocation`, which the demo adds. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The content of the adapter's admin secret (`keyturn/<id>-admin`, which `config` names); undefined: it needs none. */
  readonly adminSecret: string | undefined;
  /** Further secrets it needs, by name. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The `shapes.pair` of the configuration. */
  readonly shape: Readonly<Record<string, string>>;
  /** The secret as a person pasted it together, and its tags. */
  readonly pasted: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Further options of `keyturn adopt`, such as `['--target', 'x']`. */
  readonly adopt: readonly string[];
  readonly application: Application;
  /** Every key of the target, behind the adapter's back. A key that is made but not usable yet counts as not enabled. */
  keys(): readonly SimulatedKey[];
  /** What a person does in the provider's console. */
  disable(keyId: string): void;
  /** The key id that a value of the secret holds. */
  keyIdOf(secretText: string): string;
  /** What nobody may see of a value of the secret; unless given, every string of its JSON, or the whole of what is no JSON. */
  secretsIn?(secretText: string): readonly string[];
  /** Every node of the data plane refuses the key of this value of the secret. */
  isRefused(secretText: string): Promise<boolean>;
  /** What nobody may see besides the values of the secret: the administrator's credential and its like. */
  readonly canaries: readonly string[];
  /** For `pnpm sandbox`: endpoints, for people. */
  readonly endpoints: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
};

/** Each node of the data plane: how late it hears of new keys and of disabled ones, in milliseconds. */
export type NodeDelays = { readonly propagationMs: number; readonly revocationMs: number; readonly negativeMs: number };

/** What may be taken out of the demo, to see what it is for. */
export const safeguards = ['hold-off', 'grace', 'entitlements'] as const;
export type Safeguard = (typeof safeguards)[number];

/** `config`: as it stands under `providers.<id>`, parsed. */
export type CarelessOptions = { readonly config: ProviderConfig; readonly secrets: Pick<SecretReader, 'value'> };

export type Scenario = {
  /** As `--provider` takes it. */
  readonly name: string;
  /** The id under `providers` in the configuration. */
  readonly providerId: string;
  /** Whose key is rotated, for people. */
  readonly title: string;
  /** 'two-slot': the story waits until the old key is gone before it rotates again. 'none': requests may fail in the cutover, and the story says so. */
  readonly overlap: 'multi' | 'two-slot' | 'none';
  /** Rotating and retiring take so long that the schedule would overtake them: the story is that of 'two-slot', though there is room. */
  readonly slow?: boolean;
  /** The ones that `--without` may take out; hold-off and grace unless given. `entitlements` needs `careless` too. */
  readonly safeguards?: readonly Safeguard[];
  /** The adapter as a naive script would be: a new key gets what the probe looks at and no more, and nobody compares. */
  readonly careless?: (options: CarelessOptions) => CredentialProvider;
  readonly start: (options: { readonly nodes: readonly NodeDelays[] }) => Promise<SimulatedProvider>;
};
