import { parseSecret, type JsonObject, type Parse } from './parse-secret.ts';
import type { Report } from './report.ts';
import { ignore, processRuntime, type Runtime } from './runtime.ts';
import { secretCache, type SecretCache } from './secret-cache.ts';
import { secretHandle, type SecretHandle } from './secret-handle.ts';
import type { SecretSource, Stage } from './secret-source.ts';
import { sdkReader } from './sdk-reader.ts';

export { SecretError, type SecretErrorCode } from './secret-error.ts';
export type { JsonObject, JsonValue, Parse } from './parse-secret.ts';
export type { Report, SecretDiagnostic } from './report.ts';
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
  /** Told of fetches, changes and trouble, never of a value: `toChannel` of `@keyturn/client/diagnostics`, or your own. */
  readonly report?: Report;
  readonly runtime?: Runtime;
};

type Which = { readonly stage?: Stage; readonly versionId?: string };
type Secret = {
  (id: string, options: Which & { readonly format: 'binary' }): SecretHandle<Uint8Array>;
  (id: string, options: Which & { readonly format: 'text' }): SecretHandle<string>;
  <T>(id: string, options: Which & { readonly parse: Parse<T> }): SecretHandle<T>;
  (id: string, options?: Which): SecretHandle<JsonObject>;
};

export type Secrets = {
  /** A handle of a secret; nothing is read before it is used. The value is the JSON object in it, or what `format` or `parse` make of it. */
  readonly secret: Secret;
  // `settled` resolves when no fetch and no callback is on its way; the others are for this library's own entry points.
} & Pick<SecretCache, 'settled' | 'track' | 'report' | 'source' | 'slots' | 'refresh'>;

/** Nothing is read, loaded or timed before a handle is used. */
export function createSecrets({
  source = sdkReader(),
  runtime = processRuntime,
  report = ignore,
  ...times
}: SecretsOptions = {}): Secrets {
  const limits = { ttlMs: 300_000, staleIfErrorMs: 3_600_000, timeoutMs: 3000, minForcedRefreshMs: 1000, ...times };
  for (const [name, ms] of Object.entries(limits)) if (!(ms >= 0 && ms % 1 === 0)) throw new RangeError(name);
  const cache = secretCache({ source, runtime, report, ...limits });

  function secret(id: string, options: Which & { readonly format: 'binary' }): SecretHandle<Uint8Array>;
  function secret(id: string, options: Which & { readonly format: 'text' }): SecretHandle<string>;
  function secret<T>(id: string, options: Which & { readonly parse: Parse<T> }): SecretHandle<T>;
  function secret(id: string, options?: Which): SecretHandle<JsonObject>;
  function secret(
    id: string,
    options: Which & { readonly format?: 'text' | 'binary'; readonly parse?: Parse<unknown> } = {},
  ): SecretHandle<unknown> {
    const { versionId, stage, format, parse = (raw) => parseSecret(raw, format) } = options;
    return secretHandle(cache, cache.slot(id, versionId, stage), parse);
  }

  return { ...cache, secret };
}
