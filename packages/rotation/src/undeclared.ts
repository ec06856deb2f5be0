import type { Copy } from './credential-copies.ts';
import { PermanentError } from './errors.ts';

type Named = { readonly id: string };

/** What the shape does not say of a secret: two fields that look like a credential, by their pointers. Both are the same for a header. */
type Stranger = { readonly keyId: string; readonly secret: string };

const shownAtMost = 5;

/** Refuses other credentials and says how to declare them. Only as many as are shown are called by their pointers. */
export function refuseStrangers<Found>(
  { id }: Named,
  strangers: readonly Found[],
  pointersOf: (found: Found) => Stranger,
): void {
  const shown = strangers.slice(0, shownAtMost).map(pointersOf);
  const [first] = shown;
  if (first === undefined) return;
  const more = strangers.length > shown.length ? `, and ${strangers.length - shown.length} more` : '';
  const pairs = shown.map(({ keyId, secret }) => [...new Set([keyId, secret])].join(' and ')).join('; ');
  const group = shown.map(({ keyId, secret }) => `{ keyId: ${quoted(keyId)}, secret: ${quoted(secret)} }`).join(', ');
  throw new PermanentError(
    'shape-mismatch',
    [
      `Shape ${id}: the secret holds more than one credential: ${pairs}${more}. Keyturn turns one and leaves the others as they are.`,
      `Say that they are known, in the configuration under shapes.${id}:`,
      `  group: [${group}]`,
    ].join('\n'),
    { field: first.keyId },
  );
}

/** Refuses a place that shows the credential and would go on showing the old one. */
export function refuseCopy({ id }: Named, place: string, { form, whole }: Copy): never {
  const template = whole ? `{${form}}` : `…{${form}}…`;
  throw new PermanentError(
    'shape-mismatch',
    [
      `Shape ${id}: ${place} shows the credential too, and a rotation would leave the old one there.`,
      `Say how it is made, in the configuration under shapes.${id}, or take it out of the secret:`,
      `  derived: { ${quoted(place)}: '${template}' }`,
    ].join('\n'),
    { field: place },
  );
}

function quoted(pointer: string): string {
  return /^\/[\w./~-]+$/.test(pointer) ? pointer : `'${pointer.replaceAll("'", "''")}'`;
}
