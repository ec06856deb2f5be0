import { isObject, SecretError } from './secret-error.ts';
import type { RawSecret } from './secret-source.ts';
import type { SchemaResult, StandardSchema } from './standard-schema.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

export type Shape = { readonly format?: 'text' | 'binary'; readonly schema?: StandardSchema<unknown> };

/** What `format` says, else the JSON in a secret, or what the schema makes of it. Throws a SecretError that holds nothing of it. */
export function parseSecret(raw: RawSecret, { format, schema }: Shape): unknown {
  const wrong = (code: 'WRONG_TYPE' | 'PARSE') => new SecretError(code, raw.name);
  const { text = '' } = raw;
  const content = raw[format ?? 'text'];
  if (content === undefined) throw wrong('WRONG_TYPE');
  let value: unknown = content;
  try {
    if (!format) value = JSON.parse(text);
  } catch {
    // A SyntaxError quotes the text.
    throw wrong('PARSE');
  }
  if (!schema && !format && (!isObject(value) || Array.isArray(value))) throw wrong('WRONG_TYPE');

  const accept = (result: SchemaResult<unknown>): unknown => {
    const { issues } = result;
    if (!issues) return deepFreeze(result.value);
    const steps = issues.map(({ path = [] }) => path.map((step) => (typeof step === 'object' ? step.key : step)));
    throw new SecretError('VALIDATION', raw.name, '', steps);
  };
  const result = schema ? schema['~standard'].validate(value) : { value };
  return result instanceof Promise ? result.then(accept) : accept(result);
}

/** Everybody gets the same object, so nobody may change it. Only what JSON is made of: a schema's Date or Map stays as it is. */
function deepFreeze(value: unknown): unknown {
  const kind: unknown = isObject(value) && Object.getPrototypeOf(value);
  if (isObject(value) && (kind === Object.prototype || kind === Array.prototype)) {
    Object.values(Object.freeze(value)).forEach(deepFreeze);
  }
  return value;
}
