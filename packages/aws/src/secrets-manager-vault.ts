import { createHash, randomUUID } from 'node:crypto';

import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '@keyturn/rotation/clock';

import { secretsManagerHistory, type ReadOperation, type StaleReads } from './secrets-manager-history.ts';
import { invalidParameter, invalidRequest, limitExceeded, notFound, validation } from './secrets-manager-refusal.ts';

export type SecretValue = { readonly SecretString: string } | { readonly SecretBinary: Uint8Array };

/** Times in milliseconds since 1970. A version without a value is one that a rotation announced (C1). */
export type StoredVersion = {
  readonly id: string;
  readonly createdAt: number;
  accessedAt: number | undefined;
  value: SecretValue | undefined;
};

export type StoredSecret = {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  readonly replicas: readonly string[];
  readonly tags: Map<string, string>;
  readonly versions: Map<string, StoredVersion>;
  /** A label stands on one version. */
  readonly labels: Map<string, string>;
  description: string | undefined;
  kmsKeyId: string | undefined;
  changedAt: number;
  accessedAt: number | undefined;
  /** When it will be gone. */
  deletionAt: number | undefined;
  rotation: { enabled: boolean; lambdaArn: string; rules: RotationRulesType | undefined } | undefined;
  lastRotatedAt: number | undefined;
  nextRotationAt: number | undefined;
  /** The rotation that was started and neither succeeded nor was abandoned. Its attempts may have failed. */
  open: { readonly token: string; readonly test: boolean } | undefined;
};

export type LabelMoved = {
  readonly arn: string;
  readonly name: string;
  readonly label: string;
  readonly versionId: string;
};

export type VaultOptions = {
  readonly clock: Clock;
  readonly account: string;
  readonly region: string;
  /** What the SDK does where a request has no ClientRequestToken. Random by default. */
  readonly newToken?: (() => string) | undefined;
  /** Which reads are stale, and how much (C10). None by default. Asked for each read; writes always act on what is true. */
  readonly staleReads?: StaleReads | undefined;
  /** Called after every move of a label that AWS tells of: all but AWSPENDING and AWSPREVIOUS (P1). */
  readonly onLabel?: ((moved: LabelMoved) => void) | undefined;
};

type SecretDetails = Pick<StoredSecret, 'description' | 'kmsKeyId' | 'replicas'>;

/** The secrets, and how labels move on them. */
export type Vault = {
  /** By ARN; also those that are deleted. */
  readonly secrets: ReadonlyMap<string, StoredSecret>;
  named(name: string): StoredSecret | undefined;
  add(name: string, details: SecretDetails): StoredSecret;
  /** All secrets, as this read finds them. */
  seen(operation: ReadOperation): readonly StoredSecret[];
  /** For a read. By ARN, by ARN without its suffix, or by name; also one that waits for its deletion. */
  read(operation: ReadOperation, secretId: string | undefined): StoredSecret;
  /** As `read`, but refuses a secret that waits for its deletion (C17). */
  readLive(operation: ReadOperation, secretId: string | undefined): StoredSecret;
  accessed(arn: string, versionId: string): void;
  /** The same for a write. */
  find(secretId: string | undefined): StoredSecret;
  /** As `find`, but refuses a secret that waits for its deletion (C17). */
  findLive(secretId: string | undefined): StoredSecret;
  /** A given ClientRequestToken, or a new one. */
  token(given: string | undefined): string;
  /** To be called before a secret is changed that was found otherwise. */
  willChange(secret: StoredSecret): void;
  addVersion(secret: StoredSecret, id: string, value: SecretValue | undefined): StoredVersion;
  attach(secret: StoredSecret, label: string, versionId: string): void;
};

const dayMs = 86_400_000;

export function secretsManagerVault(options: VaultOptions): Vault {
  const { clock, account, region, newToken = randomUUID, staleReads, onLabel } = options;
  const secrets = new Map<string, StoredSecret>();
  const history = secretsManagerHistory(secrets, clock, staleReads);

  const isThere = ({ deletionAt }: StoredSecret) => deletionAt === undefined || deletionAt > clock.now();

  function find(secretId: string | undefined, among: ReadonlyMap<string, StoredSecret> = secrets): StoredSecret {
    if (secretId === undefined || secretId === '') throw validation("Value null at 'secretId' must not be null");
    const found =
      among.get(secretId) ?? [...among.values()].find((secret) => isCalled(secret, secretId) && isThere(secret));
    if (found !== undefined && isThere(found)) return found;
    throw notFound("Secrets Manager can't find the specified secret.");
  }

  function forWrite(secretId: string | undefined): StoredSecret {
    const secret = find(secretId);
    history.keep(secret.arn);
    return secret;
  }

  function attach(secret: StoredSecret, label: string, versionId: string): void {
    const from = secret.labels.get(label);
    if (from === versionId) return;
    // AWSPREVIOUS follows by itself: nobody can be refused it.
    if (label !== 'AWSPREVIOUS') checkLabels(secret, [label]);
    secret.labels.set(label, versionId);
    secret.changedAt = clock.now();
    if (label === 'AWSCURRENT' && from !== undefined) attach(secret, 'AWSPREVIOUS', from);
    if (label !== 'AWSPENDING' && label !== 'AWSPREVIOUS') {
      onLabel?.({ arn: secret.arn, name: secret.name, label, versionId });
    }
  }

  return {
    secrets,
    attach,
    find: forWrite,
    named: (name) => [...secrets.values()].find((secret) => secret.name === name && isThere(secret)),
    seen: (operation) => [...history.seen(operation, undefined).values()].filter(isThere),
    read: (operation, secretId) => find(secretId, history.seen(operation, secretId)),
    token: (given) => checkToken(given ?? newToken()),
    willChange: ({ arn }) => history.keep(arn),
    readLive: (operation, secretId) => live(find(secretId, history.seen(operation, secretId))),
    findLive: (secretId) => live(forWrite(secretId)),
    accessed(arn, versionId) {
      const secret = secrets.get(arn);
      const version = secret?.versions.get(versionId);
      if (secret !== undefined) secret.accessedAt = clock.now();
      if (version !== undefined) version.accessedAt = clock.now();
    },
    add(name, details) {
      const secret = newSecret(name, details, { account, region, now: clock.now(), nth: secrets.size });
      history.keep(secret.arn);
      secrets.set(secret.arn, secret);
      return secret;
    },
    addVersion(secret, id, value) {
      const version: StoredVersion = { id, value, createdAt: clock.now(), accessedAt: undefined };
      secret.versions.set(id, version);
      secret.changedAt = version.createdAt;
      prune(secret, clock.now());
      return version;
    },
  };
}

type Birth = { readonly account: string; readonly region: string; readonly now: number; readonly nth: number };

function newSecret(name: string, details: SecretDetails, { account, region, now, nth }: Birth): StoredSecret {
  const suffix = createHash('sha256').update(`${name}\n${now}\n${nth}`).digest('hex').slice(0, 6);
  return {
    arn: `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${suffix}`,
    name,
    ...details,
    createdAt: now,
    changedAt: now,
    tags: new Map(),
    versions: new Map(),
    labels: new Map(),
    accessedAt: undefined,
    deletionAt: undefined,
    rotation: undefined,
    lastRotatedAt: undefined,
    nextRotationAt: undefined,
    open: undefined,
  };
}

function live(secret: StoredSecret): StoredSecret {
  if (secret.deletionAt === undefined) return secret;
  throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
}

export function checkLabels({ labels }: StoredSecret, added: readonly string[]): void {
  if (new Set([...labels.keys(), ...added]).size > 20) throw limitExceeded('A secret has at most 20 staging labels.');
}

const isCalled = ({ arn, name }: StoredSecret, secretId: string) => secretId === name || secretId === arn.slice(0, -7);

/** C9: beyond 100 versions the oldest without a label go, but none that is younger than a day. */
function prune(secret: StoredSecret, now: number): void {
  const labelled = new Set(secret.labels.values());
  for (const version of secret.versions.values()) {
    if (secret.versions.size <= 100) return;
    if (!labelled.has(version.id) && version.createdAt < now - dayMs) secret.versions.delete(version.id);
  }
}

export function labelsOf(secret: StoredSecret, versionId: string): string[] {
  return [...secret.labels].filter(([, id]) => id === versionId).map(([label]) => label);
}

export function valueOf(request: {
  SecretString?: string | undefined;
  SecretBinary?: Uint8Array | undefined;
}): SecretValue | undefined {
  const { SecretString: text, SecretBinary: binary } = request;
  if (text !== undefined && binary !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same request.",
    );
  }
  const size = Buffer.byteLength(text ?? binary ?? '');
  if (size > 65_536) throw validation('The secret value is longer than 65536 bytes');
  if (text !== undefined) {
    if (text === '') throw validation("Value at 'secretString' must have length greater than or equal to 1");
    return { SecretString: text };
  }
  return binary && { SecretBinary: binary };
}

export function sameValue(one: SecretValue, other: SecretValue): boolean {
  if ('SecretString' in one) return 'SecretString' in other && one.SecretString === other.SecretString;
  return 'SecretBinary' in other && Buffer.compare(one.SecretBinary, other.SecretBinary) === 0;
}

export function checkToken(token: string): string {
  if (token.length >= 32 && token.length <= 64) return token;
  throw invalidParameter('ClientRequestToken must be 32-64 characters long.');
}

export const dateOf = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms));
/** Dates of access have the resolution of a day. */
export const dayOf = (ms: number | undefined) => dateOf(ms === undefined ? undefined : ms - (ms % dayMs));
