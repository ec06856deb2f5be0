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

/** Whether the key id stands anywhere in a text, or begins a header there. For texts that are not what a shape says. */
export function mentionsKey(text: string, keyId: Hidden): boolean {
  const header = Buffer.from(`${keyId.reveal()}:`, 'utf8');
  // Base64 of whole groups of three bytes: what comes after them cannot change it.
  const begun = header.subarray(0, header.length - (header.length % 3)).toString('base64');
  return text.includes(keyId.reveal()) || (begun !== '' && text.includes(begun));
}
