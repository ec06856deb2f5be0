import { parseBinary, parseBy, parseJson, parseText, type JsonObject, type Parse } from './parse-secret.ts';
import { processRuntime, type Runtime } from './runtime.ts';
import { secretCache, type IsNamed } from './secret-cache.ts';
import type { Slot } from './secret-cells.ts';
import { secretHandle, type SecretHandle } from './secret-handle.ts';
import type { SecretSource, Stage } from './secret-source.ts';
import { sdkSource } from './sdk-source.ts';
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
  /** Reads all of them, with one call for each 20. */
  preload(...handles: readonly SecretHandle<unknown>[]): Promise<void>;
  /** Asks again for each secret that is named, such as by an event. Resolves to whether there is any; a failure leaves it expired, and is not thrown. */
  renew(isNamed: IsNamed): Promise<boolean>;
  /** Resolves when no fetch and no callback is on its way. */
  settled(): Promise<void>;
};

type HandleOptions = Which & { readonly format?: 'text' | 'binary'; readonly schema?: StandardSchema<unknown> };

/** Nothing is read, loaded or timed before a handle is used. */
export function createSecrets(options: SecretsOptions = {}): Secrets {
  const settings = {
    ttlMs: 300_000,
    staleIfErrorMs: 3_600_000,
    timeoutMs: 3_000,
    minForcedRefreshMs: 1_000,
    ...options,
  };
  for (const [name, ms] of Object.entries(settings)) {
    if (name.endsWith('Ms') && !(Number.isSafeInteger(ms) && Number(ms) >= 0)) throw new RangeError(name);
  }
  const { source = sdkSource(), minForcedRefreshMs: pauseMs } = settings;
  const cache = secretCache({ ...settings, source, runtime: { ...processRuntime, ...options.runtime } });
  const slots = new WeakMap<SecretHandle<unknown>, Slot>();

  function open<T>(id: string, { stage, versionId }: Which, parse: Parse<T>, copy?: (value: T) => T): SecretHandle<T> {
    const slot = cache.slot(id, versionId, stage);
    const handle = secretHandle({ cache, slot, parse, pauseMs, copy });
    slots.set(handle, slot);
    return handle;
  }

  function secret(id: string, options: Which & { readonly format: 'binary' }): SecretHandle<Uint8Array>;
  function secret<T>(
    id: string,
    options: Which & { readonly format?: 'text'; readonly schema: StandardSchema<T> },
  ): SecretHandle<T>;
  function secret(id: string, options: Which & { readonly format: 'text' }): SecretHandle<string>;
  function secret(id: string, options?: Which): SecretHandle<JsonObject>;
  function secret(id: string, options: HandleOptions = {}): SecretHandle<unknown> {
    const { format, schema } = options;
    if (schema !== undefined) return open(id, options, parseBy(schema, format === 'text' ? parseText : undefined));
    if (format === 'text') return open(id, options, parseText);
    return format === 'binary'
      ? open(id, options, parseBinary, (bytes) => bytes.slice())
      : open(id, options, parseJson);
  }

  return {
    secret,
    async preload(...handles) {
      cache.askMany(handles.flatMap((handle) => slots.get(handle) ?? []));
      await Promise.all(handles.map((handle) => handle.version()));
    },
    renew: (isNamed) => cache.renew(isNamed),
    settled: () => cache.settled(),
  };
}
