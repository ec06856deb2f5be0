import { isObject, SecretError } from './secret-error.ts';
import type { RawSecret } from './secret-source.ts';
import type { SchemaResult, StandardSchema } from './standard-schema.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

/** Makes a value of what a source answered. Throws a SecretError that holds nothing of it. */
export type Parse<T> = (raw: RawSecret) => T | Promise<T>;

export const parseText: Parse<string> = ({ text, name }) => text ?? refuse(name);
export const parseBinary: Parse<Uint8Array> = ({ binary, name }) => binary ?? refuse(name);
export const parseJson: Parse<JsonObject> = (raw) => {
  const value = jsonIn(raw);
  return isJsonObject(value) ? deepFreeze(value) : refuse(raw.name);
};

/** `read`: what the schema is given, by default the JSON in the secret. */
export const parseBy =
  <T>(schema: StandardSchema<T>, read: (raw: RawSecret) => unknown = jsonIn): Parse<T> =>
  (raw) => {
    const accept = (result: SchemaResult<T>): T => {
      if (result.issues === undefined) return deepFreeze(result.value);
      const paths = result.issues.map(({ path = [] }) =>
        path.map((step) => (typeof step === 'object' ? step.key : step)),
      );
      throw new SecretError('VALIDATION', raw.name, '', paths);
    };
    const result = schema['~standard'].validate(read(raw));
    return result instanceof Promise ? result.then(accept) : accept(result);
  };

function jsonIn({ text, name }: RawSecret): unknown {
  try {
    return JSON.parse(text ?? refuse(name));
  } catch (error) {
    // A SyntaxError quotes the text.
    throw error instanceof SecretError ? error : new SecretError('PARSE', name);
  }
}

function refuse(name: string): never {
  throw new SecretError('WRONG_TYPE', name);
}

const isJsonObject = (value: unknown): value is JsonObject => isObject(value) && !Array.isArray(value);

/** Everybody gets the same object, so nobody may change it. Only what JSON is made of: a schema's Date or Map stays as it is. */
function deepFreeze<T>(value: T): T {
  const kind: unknown = isObject(value) && Object.getPrototypeOf(value);
  if (isObject(value) && (kind === Object.prototype || kind === Array.prototype)) {
    Object.values(Object.freeze(value)).forEach(deepFreeze);
  }
  return value;
}
