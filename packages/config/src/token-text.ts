import * as z from 'zod';

const placeholder = /\{([a-zA-Z][\w.-]*)\}/g;

/** The names of the placeholders in a text, such as `keyId` of `/keys/{keyId}`. */
export const placeholdersIn = (text: string): string[] => [...text.matchAll(placeholder)].map(([, name = '']) => name);

/** Text and placeholders in turn, beginning and ending with text, which may be empty. */
export const partsOf = (text: string): string[] => text.split(placeholder);

/** Every placeholder that stands anywhere in what a request sends. */
export function placeholdersOf(value: unknown): string[] {
  if (typeof value === 'string') return placeholdersIn(value);
  if (Array.isArray(value)) return value.flatMap(placeholdersOf);
  const fields = z.record(z.string(), z.unknown()).safeParse(value).data ?? {};
  return Object.values(fields).flatMap(placeholdersOf);
}
