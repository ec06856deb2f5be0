import type { Credential } from './credential.ts';
import type { Hidden } from './hidden.ts';
import { formNames, only, render, type Form } from './template.ts';

/** A text that shows the credential, or a part of it: in which form, and whether it is nothing else. */
export type Copy = { readonly form: Form; readonly whole: boolean };

/** What is so long does not stand inside another text by chance. An id may be a plain word, such as the name of a client. */
const shortest = { secret: 8, keyId: 16 } as const;
/** So many characters tell a copy as well as all of them, and keep the search linear. */
const longestNeedle = 256;

/** Looks for the secret in all its forms, and for the key id where it is no plain word. */
export function copyFinder(credential: Credential): (text: string) => Copy | undefined {
  const needles = formNames.map((form) => {
    const value = render(only(form), credential);
    const least = form.startsWith('keyId') ? shortest.keyId : shortest.secret;
    return { form, value, part: value.slice(0, longestNeedle), least };
  });
  return (text) => {
    for (const { form, value, part, least } of needles) {
      if (text === value && (value.length >= least || form === 'secret')) return { form, whole: true };
      if (part.length >= least && text.includes(part)) return { form, whole: false };
    }
    return undefined;
  };
}

/** What is shorter stands inside other words and numbers by chance: an id may be a plain number. */
const longEnough = 8;
/** What a text ends with where an id may begin; an escape of JSON or of a URL ends with letters and digits too. */
const beginsHere = /(?:^|[^0-9a-z]|\\[bfnrt]|\\u[0-9a-f]{4}|%[0-9a-f]{2})$/i;
const longestEscape = 6;

/**
 * Whether the key id stands anywhere in a text, or begins a header there. For texts that are not what a shape says. A short one has to stand by itself; a long one counts
 * wherever it stands.
 */
export function mentionsKey(text: string, keyId: Hidden): boolean {
  const id = keyId.reveal();
  const header = Buffer.from(`${id}:`, 'utf8');
  // Base64 of whole groups of three bytes: what comes after them cannot change it.
  const begun = header.subarray(0, header.length - (header.length % 3)).toString('base64');
  if (id.length >= longEnough) return text.includes(id) || text.includes(begun);
  const mayFollow = (next: string) => !/[0-9a-z]/i.test(next);
  return stands(text, id, mayFollow) || (begun !== '' && stands(text, begun, () => true));
}

function stands(text: string, part: string, mayFollow: (next: string) => boolean): boolean {
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    const end = at + part.length;
    if (beginsHere.test(text.slice(Math.max(0, at - longestEscape), at)) && mayFollow(text.slice(end, end + 1)))
      return true;
  }
  return false;
}
