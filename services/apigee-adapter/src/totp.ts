import { createHmac } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const stepMs = 30_000;

/**
 * The six digits that an authenticator shows at this time (RFC 6238, SHA-1, 30 s). `secret`: base32 as it is shown when MFA is set up, in groups or in one
 * piece. undefined: it is no base32.
 */
export function totp(secret: string, atMs: number): string | undefined {
  const key = base32(secret);
  if (key === undefined) return undefined;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / stepMs)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

function base32(text: string): Buffer | undefined {
  const letters = text.replace(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
  if (!/^[A-Z2-7]+$/.test(letters)) return undefined;
  const bits = letters.replace(/./g, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0'));
  // What is left over at the end is padding.
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
