import { processRuntime } from './runtime.ts';
import type { SecretHandle } from './secret-handle.ts';
import type { SecretVersion } from './secret-version.ts';

/** The fields of a secret that are text: nothing else can be an environment variable. */
export type TextKeys<T> = { [K in keyof T & string]: T[K] extends string ? K : never }[keyof T & string];

export type BindEnvOptions = {
  /** Take the place of a variable that somebody else has set. Default false: that is an error. */
  readonly overwrite?: boolean;
  readonly env?: Record<string, string | undefined>;
};

export type EnvBinding = {
  /** Reads the secret and sets the variables; from then on a rotation changes them. Disposing of what it resolves to removes them. */
  apply(): Promise<Disposable>;
};

/** What a secret may never set: it would change how the process, its runtime or its credentials work. */
const reserved =
  /^(AWS_|LAMBDA_|NODE_|NPM_|LD_|DYLD_|_)|^(PATH|HOME|SHELL|IFS|ENV|BASH_ENV|TZ|LANG|HTTPS?_PROXY|NO_PROXY|SSL_CERT_\w+)$/i;

/**
 * Sets environment variables from the text fields of a secret: those that `names` maps (variable → field), or `'all'`, each under its own name.
 * Child processes and dumps see them, and a module that reads them once keeps the old value: a handle is better.
 */
export function bindEnv<T extends object>(
  handle: SecretHandle<T>,
  names: 'all' | Readonly<Record<string, TextKeys<T>>>,
  { overwrite = false, env = processRuntime.env }: BindEnvOptions = {},
): EnvBinding {
  const own = new Map<string, string>();
  let watch: Disposable | undefined;
  if (names !== 'all') Object.keys(names).forEach(check);

  /** All in one turn, so that nobody sees half of it. */
  function write({ value }: Pick<SecretVersion<object>, 'value'>): void {
    const fields = new Map<string, unknown>(Object.entries(value));
    const wanted =
      names === 'all' ? [...fields] : Object.entries(names).map(([name, field]) => [name, fields.get(field)] as const);
    const next = new Map(wanted.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    for (const name of next.keys()) {
      check(name);
      if (!overwrite && !own.has(name) && env[name] !== undefined) throw new TypeError(`${name} is set already`);
    }
    for (const name of own.keys()) if (!next.has(name)) remove(name);
    for (const [name, text] of next) {
      own.set(name, text);
      env[name] = text;
    }
  }

  function remove(name: string): void {
    // Somebody else has set it since: then it is theirs.
    if (env[name] === own.get(name)) delete env[name];
    own.delete(name);
  }

  return {
    async apply() {
      watch ??= handle.onRotate(write);
      write(await handle.version());
      return {
        [Symbol.dispose]() {
          watch?.[Symbol.dispose]();
          watch = undefined;
          [...own.keys()].forEach(remove);
        },
      };
    },
  };
}

function check(name: string): void {
  if (!/^[A-Za-z]\w*$/.test(name) || reserved.test(name)) throw new TypeError(`A secret may not set ${name}`);
}
