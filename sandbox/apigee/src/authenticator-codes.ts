import { createHmac } from 'node:crypto';

/** What an authenticator app (RFC 6238) shows now and showed just before, which a server takes too. */
export const authenticatorCodes = (secret: string, now: number): string[] =>
  [now, now - 30_000].map((at) => code(decode(secret), BigInt(Math.floor(at / 30_000))));

function code(key: Buffer, counter: bigint): string {
  const message = Buffer.from(counter.toString(16).padStart(16, '0'), 'hex');
  const mac = createHmac('sha1', key).update(message).digest('hex');
  const start = Number.parseInt(mac.slice(-1), 16) * 2;
  const number = BigInt(`0x${mac.slice(start, start + 8)}`) % 2n ** 31n;
  return number.toString().slice(-6).padStart(6, '0');
}

function decode(base32: string): Buffer {
  let bits = 0n;
  for (const letter of base32) {
    bits = bits * 32n + BigInt('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter));
  }
  const bytes = Math.floor((base32.length * 5) / 8);
  return Buffer.from((bits >> BigInt((base32.length * 5) % 8)).toString(16).padStart(bytes * 2, '0'), 'hex');
}
