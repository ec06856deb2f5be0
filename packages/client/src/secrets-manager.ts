import { createSecrets, type Secrets } from './create-secrets.ts';
import { bindEnv, type BindEnvOptions } from './env.ts';
import { lambda, type LambdaOptions } from './lambda.ts';
import { secretRotation, type RotationNotice } from './rotation-events.ts';
import type { JsonObject, JsonValue } from './parse-secret.ts';
import { processRuntime } from './runtime.ts';
import type { SecretHandle } from './secret-handle.ts';

export type SecretsManagerOptions = {
  readonly name?: string | undefined;
  /** The environment variable that has the name, where none is given. Default `SECRET`. */
  readonly secretsKey?: string;
  readonly rotationSource?: string;
  readonly rotationDetailType?: string;
  readonly rotationDetailKey?: string;
  /** Set an environment variable for each text field of the secret. Default false. */
  readonly injectEnv?: boolean | BindEnvOptions;
  readonly secrets?: Secrets;
  readonly env?: Record<string, string | undefined>;
};

export type SecretsManager = {
  readonly handle: SecretHandle<JsonObject>;
  /** One field of the secret; undefined where there is none. */
  item(key: string): Promise<JsonValue | undefined>;
  /** Reads the secret, and sets the variables where `injectEnv` says so. */
  load(): Promise<void>;
  /** Wraps a handler, or decorates a method: rotation events refresh the secret and never reach it. */
  wrap<E, C, R>(handler: (event: E, context: C) => Promise<R>): (event: E, context: C) => Promise<R | RotationNotice>;
};

/** What the Python package `aws-secretsmanager` does, for those who come from it. */
export function secretsManager(given: string | SecretsManagerOptions = {}): SecretsManager {
  const options = typeof given === 'string' ? { name: given } : given;
  const { secretsKey = 'SECRET', injectEnv = false, secrets = createSecrets(), env = processRuntime.env } = options;
  const name = options.name ?? env[secretsKey];
  if (name === undefined) throw new TypeError(`No name, and none in ${secretsKey}`);

  const handle = secrets.secret(name);
  const { rotationSource, rotationDetailType, rotationDetailKey } = options;
  const whole: LambdaOptions = {
    events: [secretRotation(rotationSource, rotationDetailType, rotationDetailKey)],
    unknownRotation: 'forward',
    preload: [handle],
    env: injectEnv === false ? [] : [bindEnv(handle, 'all', injectEnv === true ? { env } : { env, ...injectEnv })],
  };
  return {
    handle,
    item: async (key) => (await handle.get())[key],
    async load() {
      await Promise.all([handle.get(), ...(whole.env ?? []).map((binding) => binding.apply())]);
    },
    wrap: (handler) => lambda(secrets, handler, whole),
  };
}
