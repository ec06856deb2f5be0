import type { Hidden } from './hidden.ts';

/** What a version of a secret holds. `binary`: it is SecretBinary, and every character of `text` is one of its bytes (latin1). */
export type Content = { readonly text: Hidden; readonly binary?: boolean | undefined };

/** Secrets Manager takes no value that is longer. */
const longestBytes = 65_536;

export function isTooLong({ text, binary }: Content): boolean {
  return Buffer.byteLength(text.reveal(), binary === true ? 'latin1' : 'utf8') > longestBytes;
}

/** The UTF-8 text in a binary secret, a byte order mark included; undefined where it is none. */
export function textInBytes(bytes: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

export function bytesOfText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
