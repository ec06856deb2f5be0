import { createPrivateKey, createPublicKey } from 'node:crypto';

import { credential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';
import ssh2 from 'ssh2';

/** RFC 8410: what stands before the 32 bytes of an ed25519 key in PKCS #8. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const algorithm = 'ssh-ed25519';

/**
 * A fresh ed25519 pair. Key id: the public key as authorized_keys has it, type and key without a comment. Secret: the private key as `ssh-keygen` writes it
 * (PROTOCOL.key of OpenSSH), whose comment is `mark`.
 */
export function newKeyPair(mark: string, randomBytes: RandomBytes): Credential {
  const seed = randomBytes(32);
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const blob = Buffer.concat([field(algorithm), field(publicKey)]);
  const check = randomBytes(4);
  const secrets = Buffer.concat([
    check,
    check,
    blob,
    field(Buffer.concat([seed, publicKey])),
    field(Buffer.from(mark, 'utf8')),
  ]);
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    ...['none', 'none', ''].map(field),
    number(1),
    field(blob),
    field(padded(secrets)),
  ]);
  return credential(`${algorithm} ${blob.toString('base64')}`, armoured(body));
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function field(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([number(bytes.length), bytes]);
}

// To whole blocks of eight bytes: 1, 2, 3, …
function padded(bytes: Buffer): Buffer {
  const missing = (8 - (bytes.length % 8)) % 8;
  return Buffer.concat([bytes, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}

function armoured(body: Buffer): string {
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

const form = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}$/;

/**
 * The public key of a credential. PermanentError('shape-mismatch') for anything but type and key: with a comment or options beside it, the same key would
 * have many names, and one of them could be ended while another is current.
 */
export function publicKeyOf(keyId: Hidden): string {
  const text = keyId.reveal();
  if (form.test(text)) return text;
  throw new PermanentError(
    'shape-mismatch',
    'A public key is its type and the key, without comment, options and line end',
    {
      field: 'public key',
    },
  );
}

/** Whether the private key is the public key's; false for what is no private key, or needs a passphrase. */
export function isPair({ keyId, secret }: Credential): boolean {
  return privateKeyIn(secret)?.publicKey === keyId.reveal();
}

/** Whether Keyturn made the pair for this very version: nobody else can have it. */
export function wasMadeFor(mark: string, { secret }: Credential): boolean {
  return privateKeyIn(secret)?.comment === mark;
}

function privateKeyIn(secret: Hidden): { readonly publicKey: string; readonly comment: string } | undefined {
  const parsed = ssh2.utils.parseKey(secret.reveal());
  if (parsed instanceof Error || Array.isArray(parsed) || !parsed.isPrivateKey()) return undefined;
  return { publicKey: `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`, comment: parsed.comment };
}
