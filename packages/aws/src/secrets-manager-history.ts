import type { Clock } from '@keyturn/rotation/clock';

import type { StoredSecret } from './secrets-manager-vault.ts';

export type ReadOperation = 'describeSecret' | 'getSecretValue' | 'listSecrets' | 'listSecretVersionIds';

/** How old the answer of a read is: as the secrets were so long ago, or before the last so many writes of each, refused ones too. At most ten seconds, either way. */
export type Lag = { readonly lagMs: number } | { readonly writes: number };

export type StaleReads = (read: { operation: ReadOperation; secretId: string | undefined }) => Lag | undefined;

type Secrets = ReadonlyMap<string, StoredSecret>;
/** What a secret was until then; undefined where it was not. */
type Past = { readonly until: number; readonly secret: StoredSecret | undefined };

export type History = {
  /** To be told before every write. */
  keep(arn: string): void;
  /** The secrets as this read finds them. */
  seen(operation: ReadOperation, secretId: string | undefined): Secrets;
};

const longestLagMs = 10_000;

/** C10: a read may answer what was true a moment ago. Nothing is kept unless somebody decides which reads are stale. */
export function secretsManagerHistory(secrets: Secrets, clock: Clock, staleReads: StaleReads | undefined): History {
  if (staleReads === undefined) return { keep: () => {}, seen: () => secrets };
  const pasts = new Map<string, readonly Past[]>();
  const recent = (arn: string) => (pasts.get(arn) ?? []).filter(({ until }) => until > clock.now() - longestLagMs);

  return {
    keep(arn) {
      const secret = secrets.get(arn);
      pasts.set(arn, [...recent(arn), { until: clock.now(), secret: secret && copyOf(secret) }]);
    },
    seen(operation, secretId) {
      const lag = staleReads({ operation, secretId });
      if (lag === undefined) return secrets;
      const found = new Map(secrets);
      for (const arn of pasts.keys()) {
        const past = pastOf(recent(arn), lag, clock.now());
        if (past?.secret !== undefined) found.set(arn, past.secret);
        else if (past !== undefined) found.delete(arn);
      }
      return found;
    },
  };
}

function pastOf(pasts: readonly Past[], lag: Lag, now: number): Past | undefined {
  if ('lagMs' in lag) return pasts.find(({ until }) => until > now - lag.lagMs);
  return pasts.slice(-lag.writes)[0];
}

const copyOf = (secret: StoredSecret): StoredSecret => ({
  ...secret,
  tags: new Map(secret.tags),
  versions: new Map([...secret.versions].map(([id, version]) => [id, { ...version }])),
  labels: new Map(secret.labels),
  rotation: secret.rotation && { ...secret.rotation },
});
