import type { RandomBytes } from '@keyturn/rotation/random-bytes';

const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Bytes from here on would make the first characters more likely than the others. */
const firstUnfair = 256 - (256 % characters.length);

/** So many letters and digits, each as likely as any other. */
export function randomText(length: number, randomBytes: RandomBytes): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < firstUnfair && text.length < length) text += characters.charAt(byte % characters.length);
    }
  }
  return text;
}
