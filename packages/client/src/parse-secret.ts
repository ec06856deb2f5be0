import { SecretError } from './secret-error.ts';
import type { RawSecret } from './secret-source.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

/** Makes the value of what a secret holds. Throws a SecretError that holds nothing of it; of other errors nothing is kept. */
export type Parse<T> = (raw: RawSecret) => T | Promise<T>;

/** The text or the bytes; without `format` the JSON object, frozen: everybody gets the same. */
export function parseSecret(raw: RawSecret, format?: 'text' | 'binary'): unknown {
  const value = format ? raw[format] : jsonIn(raw, (_, part) => Object.freeze(part));
  if (value === undefined || !(format ?? /^\s*{/.test(raw.text ?? ''))) throw new SecretError('WRONG_TYPE', raw.name);
  return value;
}

export function jsonIn({ text, name }: RawSecret, revive?: (key: string, part: unknown) => unknown): unknown {
  try {
    return text === undefined ? text : JSON.parse(text, revive);
  } catch {
    // A SyntaxError quotes the text.
    throw new SecretError('PARSE', name);
  }
}
