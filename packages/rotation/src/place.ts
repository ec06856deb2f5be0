import type { Credential } from './credential.ts';
import { decodeBasic } from './decode-basic.ts';
import { PermanentError } from './errors.ts';
import { matchWhole } from './match-template.ts';
import { render, type Template } from './template.ts';

/** One place of a secret that shows the credential, or a part of it. */
export type Place = {
  /** What errors call it: its JSON Pointer, or its placeholder in a text. */
  readonly name: string;
  /** What has to stand here. */
  readonly template: Template;
  /** What stands here; empty where the place is absent. */
  readonly value: string;
  /** There is no such place yet, and it may be made. */
  readonly absent: boolean;
  readonly offset: number;
  readonly length: number;
  /** The value as the document writes it. Throws PermanentError('shape-mismatch') where it cannot. */
  readonly encode: (value: string) => string;
};

/** A secret opened by its shape. */
export type OpenSecret = {
  readonly text: string;
  /** Where the credential is read: key id and secret, or the header that holds both. */
  readonly sources: readonly [keyId: Place, secret: Place] | readonly [header: Place];
  /** Every other place that shows the credential. Throws where one of them cannot be found. */
  others(): readonly Place[];
  /** Throws where the secret holds another credential, or more of this one, that no place of the shape covers. */
  refuseUndeclared(current: Credential | undefined): void;
  /** The text with its absent places made, for the credential that is to be written there. */
  complete(next: Credential): string;
};

/** What stands in a new secret until somebody puts a key there. Compared without regard to case. */
export const usualPlaceholders: readonly string[] = [
  'REPLACE_ME',
  'REPLACEME',
  'CHANGE_ME',
  'CHANGEME',
  'PLACEHOLDER',
  'TODO',
  'TBD',
];

/** Holds nothing yet, or one of the placeholders. */
export function isBlank(value: string, placeholders: readonly string[] = usualPlaceholders): boolean {
  return value === '' || placeholders.some((placeholder) => placeholder.toLowerCase() === value.toLowerCase());
}

/** As `isBlank`, or the template with such values in it: `Basic REPLACE_ME`. */
export function isBlankPlace({ template, value }: Place, placeholders?: readonly string[]): boolean {
  if (isBlank(value, placeholders)) return true;
  const match = matchWhole(template.literals, value);
  if (typeof match === 'string') return false;
  return match.every(({ start, end }, index) => {
    const part = value.slice(start, end);
    return isBlank(part, placeholders) || (template.forms[index] === 'basic' && isBlankBasic(part, placeholders));
  });
}

function isBlankBasic(value: string, placeholders?: readonly string[]): boolean {
  return decodeBasic(value)?.every((half) => isBlank(half, placeholders)) ?? false;
}

/** Key id and secret in a place whose template has `{basic}` and nothing else. undefined: they are not there. */
export function halvesIn({ template, value }: Place): readonly [keyId: string, secret: string] | undefined {
  const match = matchWhole(template.literals, value);
  if (typeof match === 'string') return undefined;
  const [{ start, end } = { start: 0, end: 0 }] = match;
  return decodeBasic(value.slice(start, end));
}

export function shows({ template, value }: Place, credential: Credential): boolean {
  return value === render(template, credential);
}

/** Names the shape and the place, never what stands there. */
export function mismatch(shape: { readonly id: string }, place: string, problem: string): PermanentError {
  return new PermanentError('shape-mismatch', `Shape ${shape.id}: ${place} ${problem}`, { field: place });
}
