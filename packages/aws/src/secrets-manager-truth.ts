import type { SecretValue, StoredSecret, Vault } from './secrets-manager-vault.ts';

/** What is true of a secret now, whatever reads say. A copy. */
export type SecretTruth = {
  /** A label and the version it stands on. */
  readonly labels: ReadonlyMap<string, string>;
  /** Versions and their text, bytes in base64; undefined where a rotation announced a version and put nothing there yet. */
  readonly versions: ReadonlyMap<string, string | undefined>;
  readonly deletionAt: number | undefined;
  readonly rotationEnabled: boolean;
  readonly open: StoredSecret['open'];
};

/** For who checks what became of a secret: synchronous, counts as no access. Undefined where there is no such secret any more. */
export function truthOf(vault: Vault, arn: string, now: number): SecretTruth | undefined {
  const secret = vault.secrets.get(arn);
  if (secret === undefined || (secret.deletionAt !== undefined && secret.deletionAt <= now)) return undefined;
  const { labels, versions, deletionAt, rotation, open } = secret;
  return {
    labels: new Map(labels),
    versions: new Map([...versions].map(([id, { value }]) => [id, value && textOf(value)])),
    deletionAt,
    rotationEnabled: rotation?.enabled === true,
    open,
  };
}

const textOf = (value: SecretValue) =>
  'SecretString' in value ? value.SecretString : Buffer.from(value.SecretBinary).toString('base64');
