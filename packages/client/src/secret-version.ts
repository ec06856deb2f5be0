import type { Held } from './fetch-secret.ts';
import type { Stage } from './secret-source.ts';

/** One version of a secret. Only `value` is secret, and neither JSON, `util.inspect`, a spread nor a structured clone shows it. */
export type SecretVersion<T> = {
  readonly value: T;
  readonly versionId: string;
  readonly arn: string;
  readonly name: string;
  readonly stage: Stage;
  /** When it was asked for, in milliseconds since 1970. */
  readonly fetchedAt: number;
  /** It is past its time, and Secrets Manager did not answer. */
  readonly stale: boolean;
};

export function secretVersion<T>(value: T, held: Held, stage: Stage = ''): SecretVersion<T> {
  const { startedAt: fetchedAt, stale } = held;
  const { versionId, arn, name } = held.raw;
  const shown = { versionId, arn, name, stage, fetchedAt, stale };
  const version = {
    ...shown,
    get value() {
      // Bytes cannot be frozen: each reader has a copy.
      return value instanceof Uint8Array ? structuredClone(value) : value;
    },
  };
  Object.defineProperties(version, {
    value: { enumerable: false },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: () => shown },
  });
  return Object.freeze(version);
}
