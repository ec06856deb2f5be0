import { createHash } from 'node:crypto';

import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '@keyturn/rotation/clock';

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
  /** Called after every move of a label that AWS tells of: all but AWSPENDING and AWSPREVIOUS (P1). */
  readonly onLabel?: ((moved: LabelMoved) => void) | undefined;
};

/** The secrets, and how labels move on them. */
export type Vault = {
  readonly secrets: Map<string, StoredSecret>;
  add(
    name: string,
    details: { description: string | undefined; kmsKeyId: string | undefined; replicas: readonly string[] },
  ): StoredSecret;
  /** By ARN, by ARN without its suffix, or by name; also one that waits for its deletion. */
  find(secretId: string | undefined): StoredSecret;
  /** As `find`, but refuses a secret that waits for its deletion (C17). */
  findLive(secretId: string | undefined): StoredSecret;
  addVersion(secret: StoredSecret, id: string, value: SecretValue | undefined): StoredVersion;
  attach(secret: StoredSecret, label: string, versionId: string): void;
};

const dayMs = 86_400_000;

export function secretsManagerVault({ clock, account, region, onLabel }: VaultOptions): Vault {
  const secrets = new Map<string, StoredSecret>();

  function find(secretId: string | undefined): StoredSecret {
    if (secretId === undefined || secretId === '') throw validation("Value null at 'secretId' must not be null");
    for (const secret of secrets.values()) {
      if (secret.deletionAt !== undefined && secret.deletionAt <= clock.now()) secrets.delete(secret.arn);
    }
    const found = [...secrets.values()].find(
      ({ arn, name }) => secretId === arn || secretId === name || secretId === arn.slice(0, -7),
    );
    if (found === undefined) throw notFound("Secrets Manager can't find the specified secret.");
    return found;
  }

  function attach(secret: StoredSecret, label: string, versionId: string): void {
    const from = secret.labels.get(label);
    if (from === versionId) return;
    if (from === undefined && secret.labels.size >= 20) throw limitExceeded('A secret has at most 20 staging labels.');
    secret.labels.set(label, versionId);
    secret.changedAt = clock.now();
    if (label === 'AWSCURRENT' && from !== undefined) attach(secret, 'AWSPREVIOUS', from);
    if (label !== 'AWSPENDING' && label !== 'AWSPREVIOUS') {
      onLabel?.({ arn: secret.arn, name: secret.name, label, versionId });
    }
  }

  return {
    secrets,
    find,
    attach,
    findLive(secretId) {
      const secret = find(secretId);
      if (secret.deletionAt === undefined) return secret;
      throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
    },
    add(name, details) {
      const now = clock.now();
      const suffix = createHash('sha256').update(`${name}\n${now}\n${secrets.size}`).digest('hex').slice(0, 6);
      const secret: StoredSecret = {
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
