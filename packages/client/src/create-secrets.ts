import { parseSecret, type JsonObject, type Shape } from './parse-secret.ts';
import { processRuntime, type Runtime } from './runtime.ts';
import { secretCache, type SecretCache } from './secret-cache.ts';
import { secretHandle, type SecretHandle } from './secret-handle.ts';
import type { SecretSource, Stage } from './secret-source.ts';
import { sdkReader } from './sdk-reader.ts';
import type { StandardSchema } from './standard-schema.ts';

export { SecretError, type SecretErrorCode } from './secret-error.ts';
export type { SecretDiagnostic } from './diagnostics.ts';
export type { GetOptions, RefreshOptions, SecretHandle } from './secret-handle.ts';
export type { RawSecret, SecretRequest, SecretSource, Stage } from './secret-source.ts';
export type { SecretVersion } from './secret-version.ts';
export type { UseContext, UseOptions } from './use-secret.ts';

export type SecretsOptions = {
  /** Default: Secrets Manager by the AWS SDK, which is loaded at the first read. */
  readonly source?: SecretSource;
  /** How long a version is used before it is asked for again: between half of this and all of it, in milliseconds. Default 300,000; 0: each read asks. */
  readonly ttlMs?: number;
  /** How long after that a version is still used while Secrets Manager does not answer. Default 3,600,000. */
  readonly staleIfErrorMs?: number;
  /** How long a fetch may take. Default 3,000. */
  readonly timeoutMs?: number;
  /** At most how often refused credentials make a secret be asked for again. Default 1,000. */
  readonly minForcedRefreshMs?: number;
  readonly runtime?: Partial<Runtime>;
};

type Which = { readonly stage?: Stage; readonly versionId?: string };

export type Secrets = {
  /** A handle of a secret; nothing is read before it is used. The value is the JSON object in it, or what `format` and `schema` make of it. */
  secret(id: string, options: Which & { readonly format: 'binary' }): SecretHandle<Uint8Array>;
  secret<T>(
    id: string,
    options: Which & { readonly format?: 'text'; readonly schema: StandardSchema<T> },
  ): SecretHandle<T>;
  secret(id: string, options: Which & { readonly format: 'text' }): SecretHandle<string>;
  secret(id: string, options?: Which): SecretHandle<JsonObject>;
  // `settled` resolves when no fetch and no callback is on its way; the others are for this library's own entry points.
} & Pick<SecretCache, 'settled' | 'track' | 'source' | 'slots' | 'refresh'>;

/** Nothing is read, loaded or timed before a handle is used. */
export function createSecrets(options: SecretsOptions = {}): Secrets {
  const settings = {
    ttlMs: 300_000,
    staleIfErrorMs: 3_600_000,
    timeoutMs: 3_000,
    minForcedRefreshMs: 1_000,
    source: sdkReader(),
    ...options,
    runtime: { ...processRuntime, ...options.runtime },
  };
  for (const [name, ms] of Object.entries(settings)) {
    if (name.endsWith('Ms') && !(Number.isSafeInteger(ms) && Number(ms) >= 0)) throw new RangeError(name);
  }
  const cache = secretCache(settings);

  function secret(id: string, options: Which & { readonly format: 'binary' }): SecretHandle<Uint8Array>;
  function secret<T>(
    id: string,
    options: Which & { readonly format?: 'text'; readonly schema: StandardSchema<T> },
  ): SecretHandle<T>;
  function secret(id: string, options: Which & { readonly format: 'text' }): SecretHandle<string>;
  function secret(id: string, options?: Which): SecretHandle<JsonObject>;
  function secret(id: string, options: Which & Shape = {}): SecretHandle<unknown> {
    return secretHandle(cache, cache.slot(id, options.versionId, options.stage), (raw) => parseSecret(raw, options));
  }

  return { ...cache, secret };
}
