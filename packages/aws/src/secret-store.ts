import type { Content } from '@keyturn/rotation/content';

import type { VersionDates } from './version-dates.ts';

export type SecretDescription = {
  readonly arn: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Version id → staging labels. A version without labels is not listed. */
  readonly stages: ReadonlyMap<string, readonly string[]>;
  readonly rotation: {
    readonly enabled: boolean;
    readonly lambdaArn: string | undefined;
    readonly schedule: string | undefined;
    /** Milliseconds since 1970. */
    readonly nextAt: number | undefined;
    readonly lastAt: number | undefined;
  };
  /** Milliseconds since 1970; set while the secret waits for its deletion. */
  readonly deletedAt: number | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt?: number | undefined;
  /** When anything of it was changed last, its value included; milliseconds since 1970. */
  readonly changedAt?: number | undefined;
  /** When somebody, we included, last read a value: the day, in milliseconds since 1970. */
  readonly lastAccessedAt?: number | undefined;
  readonly replicas: readonly { readonly region: string; readonly status: string }[];
  /** It is the copy of a secret in another Region, tags included: nothing here may be done with it, or be said of it. */
  readonly isReplica?: boolean;
};

/** `text` and `binary`: what it holds, as `Content` says. */
export type SecretVersion = Content & {
  readonly versionId: string;
  /** Milliseconds since 1970, by the clock of Secrets Manager. */
  readonly createdAt: number;
};

/**
 * Every method throws TransientError (throttled, no answer) or PermanentError: secret-missing, secret-deleting, access-denied
 * (KMS included).
 */
export type SecretReader = {
  describe(secretId: string): Promise<SecretDescription>;
  /** By version id, by stage, or by both (they must agree). undefined: no such version or label, or the version has no value yet. */
  value(secretId: string, which: { versionId?: string; stage?: string }): Promise<SecretVersion | undefined>;
};

/** Who still reads old versions; nothing is read for it. */
export type ReadDates = {
  /**
   * Version id → start of the day (UTC, milliseconds since 1970) on which anybody read that version last, Keyturn included, in this Region. A version
   * that nobody ever read is not in it; one without labels is.
   */
  lastRead(secretId: string): Promise<ReadonlyMap<string, number>>;
};

/** What the list says of a secret. It may be minutes old; `describe` tells the truth. */
export type ListedSecret = Pick<SecretDescription, 'arn' | 'name' | 'tags' | 'deletedAt' | 'isReplica'> & {
  readonly lambdaArn: string | undefined;
};

/** Those that bear a tag of this name, and of this value if one is given. */
export type SecretFilter = { readonly tagKey: string; readonly tagValue?: string };

export type SecretLister = {
  /** Every secret of account and Region, those that wait for their deletion included. The list may lag behind the secrets. */
  listSecrets(filter?: SecretFilter): AsyncIterable<ListedSecret>;
};

export type SecretStore = SecretReader &
  ReadDates &
  SecretLister & {
    readonly versionDates: VersionDates;
    /**
     * Writes the value of the pending version `token`, as text or as bytes, labelled AWSPENDING and KEYTURN (which tells a rotation of ours from a
     * manual edit).
     * `exists`: that version has a value already, which is kept.
     */
    putPending(
      request: Content & { arn: string; token: string; rotationToken: string | undefined },
    ): Promise<'written' | 'exists'>;
    /** Compare-and-set: moves AWSCURRENT from one version to another. `lost`: AWSCURRENT stands elsewhere by now. */
    moveCurrent(request: { arn: string; from: string; to: string }): Promise<'moved' | 'lost'>;
  } & PendingDropper;

export type PendingDropper = {
  /** Takes AWSPENDING off that version; a label that is not there is success. */
  dropPending(request: { arn: string; versionId: string }): Promise<void>;
};

/** What the CLI may do on a person's behalf, beyond reading and moving AWSCURRENT. */
export type SecretAdmin = {
  /** Every secret that bears a tag of this name, with its description; no replicas. */
  listTagged(tagKey: string): AsyncIterable<SecretDescription>;
  tag(arn: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Attaches function and schedule with RotateImmediately=false: nothing is rotated now. */
  attachRotation(request: {
    arn: string;
    lambdaArn: string;
    schedule: string;
    duration: string | undefined;
  }): Promise<void>;
  /**
   * Starts a rotation now and answers the version id it will have. `running`: the previous one is not complete; Secrets Manager starts that
   * one again, and it is that one's version id.
   */
  rotateNow(arn: string): Promise<{ versionId: string; state: 'started' | 'running' }>;
};

/** The label that `putPending` adds. Describe shows by it which versions came from a rotation. */
export const rotationLabel = 'KEYTURN';
