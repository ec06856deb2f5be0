import type { Held } from './fetch-secret.ts';

/** One version of a secret. Only `value` is secret, and neither JSON, `util.inspect`, a spread nor a structured clone shows it. */
export type SecretVersion<T> = {
  readonly value: T;
  readonly versionId: string;
  readonly arn: string;
  readonly name: string;
  readonly stage: string;
  /** When it was asked for last, in milliseconds since 1970. */
  readonly fetchedAt: number;
  /** It is past its time, and Secrets Manager did not answer. */
  readonly stale: boolean;
};

export function secretVersion<T>(
  value: T,
  { versionId, arn, name, fetchedAt, stale }: Held,
  stage: string,
): SecretVersion<T> {
  const shown = { versionId, arn, name, stage, fetchedAt, stale };
  return Object.defineProperties(
    { ...shown, value },
    {
      // Bytes cannot be frozen: each reader has a copy. Not shown: neither by a log nor by a spread.
      value: { get: () => (value instanceof Uint8Array ? structuredClone(value) : value), enumerable: false },
      [Symbol.for('nodejs.util.inspect.custom')]: { value: () => shown },
    },
  );
}
