import { jsonIn, type Parse } from './parse-secret.ts';
import { isObject, SecretError } from './secret-error.ts';

/** The part of Standard Schema v1 that is used: zod, valibot, arktype and others are this. See https://standardschema.dev */
export type StandardSchema<Output> = {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
};

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

type Issue = { readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined };

/** An option of `secret`: the value is what the schema makes of the JSON in it, or of its text. What fits is frozen; an error has the paths of what does not. */
export function schema<T>(
  { '~standard': { validate } }: StandardSchema<T>,
  format?: 'text',
): { readonly parse: Parse<T> } {
  return {
    parse(raw) {
      const accept = (result: SchemaResult<T>): T => {
        if (!result.issues) return deepFreeze(result.value);
        const paths = result.issues.map(({ path = [] }) =>
          path.map((step) => (typeof step === 'object' ? step.key : step)),
        );
        const texts = paths.map((path) => path.map(String).join('.'));
        throw new SecretError('VALIDATION', raw.name, texts.join(), paths);
      };
      const result = validate(format ? raw.text : jsonIn(raw));
      return result instanceof Promise ? result.then(accept) : accept(result);
    },
  };
}

/** Everybody gets the same object, so nobody may change it. Only what JSON is made of: a schema's Date or Map stays as it is. */
function deepFreeze<T>(value: T): T {
  const kind: unknown = isObject(value) && Object.getPrototypeOf(value);
  if (isObject(value) && (kind === Object.prototype || kind === Array.prototype)) {
    Object.values(Object.freeze(value)).forEach(deepFreeze);
  }
  return value;
}
