import { textInBytes } from './content.ts';

/**
 * What `{basic}` stands for, taken apart as RFC 7617 has it: the key id ends at the first colon. Either half may be empty. undefined: not the very
 * base64 that we would write, not UTF-8, without a colon, or with a control character, which no header may hold.
 */
export function decodeBasic(value: string): readonly [keyId: string, secret: string] | undefined {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.toString('base64') !== value) return undefined;
  const text = textInBytes(bytes.toString('latin1'));
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon === -1 || /\p{Cc}/u.test(text)) return undefined;
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** Whether a text is a header that shows a credential, whoever's it is. */
export function isBasicHeader(text: string): boolean {
  return /^basic /i.test(text) && (decodeBasic(text.slice('basic '.length))?.every((half) => half !== '') ?? false);
}
