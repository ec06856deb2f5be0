import { bytesOfText, textInBytes, type Content } from './content.ts';
import { PermanentError } from './errors.ts';
import { hidden } from './hidden.ts';
import { openJson } from './json-secret.ts';
import type { OpenSecret } from './place.ts';
import type { Shape } from './shape.ts';
import { openText } from './text-secret.ts';

/** Finds the places of the shape in what a version holds. A text is found in the bytes themselves, whatever they mean; JSON has to be UTF-8. */
export function openSecret(shape: Shape, { text, binary = false }: Content): OpenSecret {
  const field = binary ? 'SecretBinary' : 'SecretString';
  if (shape.text !== undefined) return openText(shape, shape.text, { text: text.reveal(), binary, field });
  const json = binary ? textInBytes(text.reveal()) : text.reveal();
  if (json !== undefined) return openJson(shape, json, field);
  throw new PermanentError('shape-mismatch', `The secret is not UTF-8, as the JSON of shape ${shape.id} has to be`, {
    field,
  });
}

/** What `openSecret` read, changed, as the version has to hold it. */
export function sealSecret(shape: Shape, text: string, binary = false): Content {
  const asBytes = binary && shape.text === undefined;
  return { text: hidden(asBytes ? bytesOfText(text) : text), binary };
}
