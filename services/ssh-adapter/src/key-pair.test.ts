import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import { readAgreeing, writeCredential } from '@keyturn/rotation/shape';
import ssh2 from 'ssh2';
import { expect, onTestFinished, test } from 'vitest';

import { isPair, newKeyPair, publicKeyOf, wasMadeFor } from './key-pair.ts';

const mark = 'keyturn/v1/111122223333/eu-west-1/test/0123456789abcdef0123456789abcdef/version-1';
const bytes = (size: number) => randomBytes(size);
const hasKeygen = spawnSync('sh', ['-c', 'command -v ssh-keygen']).status === 0;

test.skipIf(!hasKeygen)('ssh-keygen reads the pair, with the mark as its comment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'key');
  // Marks of every length, as the private part is padded.
  for (const comment of [mark, ...Array.from({ length: 9 }, (_, length) => 'x'.repeat(length))]) {
    const { keyId, secret } = newKeyPair(comment, bytes);
    writeFileSync(file, secret.reveal());
    chmodSync(file, 0o600);

    const printed = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' });

    expect(printed.trim()).toBe(`${keyId.reveal()} ${comment}`.trim());
  }
});

test('ssh2 reads the pair too', () => {
  const { keyId, secret } = newKeyPair(mark, bytes);

  const parsed = ssh2.utils.parseKey(secret.reveal());

  expect(parsed).toMatchObject({ type: 'ssh-ed25519', comment: mark });
  expect(isPair({ keyId, secret })).toBe(true);
  expect(wasMadeFor(mark, { keyId, secret })).toBe(true);
  expect(wasMadeFor(`${mark}0`, { keyId, secret })).toBe(false);
});

test('the same bytes make the same pair, and nothing else does', () => {
  const fixed = (size: number) => Buffer.alloc(size, 7);

  expect(newKeyPair(mark, fixed).secret.reveal()).toBe(newKeyPair(mark, fixed).secret.reveal());
  expect(newKeyPair(mark, bytes).keyId.reveal()).not.toBe(newKeyPair(mark, bytes).keyId.reveal());
});

test('a private key is not that of another public one, and what is none is nobody’s', () => {
  const [one, two] = [newKeyPair(mark, bytes), newKeyPair(mark, bytes)];

  expect(isPair({ keyId: one.keyId, secret: two.secret })).toBe(false);
  for (const text of ['', 'nothing', one.keyId.reveal(), one.secret.reveal().slice(0, -60)]) {
    expect(isPair(credential(one.keyId.reveal(), text))).toBe(false);
  }
});

test.skipIf(!hasKeygen)(
  'pairs of people are known: RSA, ECDSA, ed25519; one with a passphrase is not',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyturn-key-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const [type, passphrase] of [['rsa'], ['ecdsa'], ['ed25519'], ['ed25519', 'a passphrase']] as const) {
      const file = join(folder, `${type}${passphrase === undefined ? '' : '-closed'}`);
      execFileSync('ssh-keygen', [
        '-q',
        '-t',
        type,
        ...(type === 'rsa' ? ['-b', '2048'] : []),
        '-N',
        passphrase ?? '',
        '-C',
        'me',
        '-f',
        file,
      ]);
      const read = (name: string) => execFileSync('cat', [name], { encoding: 'utf8' });
      const [kind = '', blob = ''] = read(`${file}.pub`).split(' ');

      const pair = credential(`${kind} ${blob}`, read(file));

      expect(isPair(pair), type).toBe(passphrase === undefined);
      expect(publicKeyOf(pair.keyId)).toBe(`${kind} ${blob}`);
    }
  },
  60_000,
);

test.each([
  '',
  'ssh-ed25519',
  'ssh-ed25519 AAAA me@laptop',
  'no-pty ssh-ed25519 AAAA',
  'ssh-ed25519 AAAA\n',
  'ssh-dss AAAA',
])('a public key with anything beside it has many names, and is refused: %j', (text) => {
  expect(() => publicKeyOf(hidden(text))).toThrow(
    expect.objectContaining({ reason: 'shape-mismatch', field: 'public key' }),
  );
});

test('a private key survives in JSON byte for byte, from empty fields on', () => {
  const shape = { id: 'ssh', keyId: '/PublicKey', secret: '/PrivateKey' };
  const empty = { text: hidden('{ "PublicKey": "" ,\n  "PrivateKey": "", "Host": "bastion" }') };
  const pair = newKeyPair(mark, bytes);

  const written = writeCredential(shape, empty, pair);

  expect(readAgreeing(shape, empty)).toBeUndefined();
  const read = JSON.parse(written.text.reveal()) as Record<string, string>;
  expect(read).toEqual({ PublicKey: pair.keyId.reveal(), PrivateKey: pair.secret.reveal(), Host: 'bastion' });
  const next = newKeyPair(mark, bytes);
  expect(JSON.parse(writeCredential(shape, written, next).text.reveal())).toMatchObject({
    PrivateKey: next.secret.reveal(),
  });
});
