import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { sshSimulator } from '@keyturn/ssh-simulator/ssh-simulator';
import { describe, expect, onTestFinished, test } from 'vitest';

import { newKeyPair } from './key-pair.ts';
import type { Door } from './login.ts';
import { sshLogin } from './ssh-login.ts';

const bytes = (size: number) => randomBytes(size);
const sshdPath = spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v sshd'], { encoding: 'utf8' }).stdout.trim();
const isRoot = userInfo().uid === 0;

type Daemon = (publicKey: string) => Promise<Door>;

const simulated: Daemon = async (publicKey) => {
  const simulator = await sshSimulator({ hosts: [{ tags: {} }] });
  onTestFinished(() => simulator.close());
  const [host] = simulator.hosts;
  host?.write(`${publicKey} test\n`);
  const { port = 0, hostKey = '' } = host?.sshd ?? {};
  return { address: '127.0.0.1', port, user: simulator.user, hostKeys: [hostKey] };
};

const openSsh: Daemon = async (publicKey) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-sshd-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const hostKey = newKeyPair('host', bytes);
  writeFileSync(join(folder, 'host'), hostKey.secret.reveal(), { mode: 0o600 });
  writeFileSync(join(folder, 'keys'), `${publicKey} test\n`, { mode: 0o600 });
  const port = await freePort();
  mkdirSync('/run/sshd', { recursive: true });
  const options = [
    'ListenAddress=127.0.0.1',
    `Port=${port}`,
    `HostKey=${join(folder, 'host')}`,
    `PidFile=${join(folder, 'pid')}`,
    `AuthorizedKeysFile=${join(folder, 'keys')}`,
    'StrictModes=no',
    'PasswordAuthentication=no',
    'UsePAM=no',
    'PermitRootLogin=prohibit-password',
  ].flatMap((option) => ['-o', option]);
  const daemon = spawn(sshdPath, ['-D', '-e', '-f', '/dev/null', ...options], { stdio: 'ignore' });
  onTestFinished(() => void daemon.kill());
  await listening(port);
  return { address: '127.0.0.1', port, user: 'root', hostKeys: [hostKey.keyId.reveal()] };
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = createConnection({ host: '127.0.0.1', port });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error('sshd does not listen');
}

function daemons(): readonly (readonly [string, Daemon | undefined])[] {
  return [
    ['the simulated sshd', simulated],
    // It asks for root, and apt-get install openssh-server brings it.
    ['sshd of OpenSSH', sshdPath === '' || !isRoot ? undefined : openSsh],
  ];
}

for (const [name, daemon] of daemons()) {
  const reason = daemon === undefined ? ' (skipped: it is not installed here, or this is not root)' : '';
  describe.skipIf(daemon === undefined)(`a login at ${name}${reason}`, () => {
    const start = (publicKey: string) => (daemon ?? simulated)(publicKey);

    test('is accepted with the key that stands in the file, and with no other', async () => {
      const pair = newKeyPair('test', bytes);
      const door = await start(pair.keyId.reveal());

      expect(await sshLogin(door, pair.secret)).toBe('accepted');
      expect(await sshLogin(door, newKeyPair('test', bytes).secret)).toBe('refused');
      expect(await sshLogin({ ...door, user: 'somebody' }, pair.secret)).toBe('refused');
    });

    test('is not tried where another host answers, or one of another kind', async () => {
      const pair = newKeyPair('test', bytes);
      const door = await start(pair.keyId.reveal());

      expect(await sshLogin({ ...door, hostKeys: [newKeyPair('other', bytes).keyId.reveal()] }, pair.secret)).toBe(
        'other-host-key',
      );
      expect(await sshLogin({ ...door, hostKeys: ['ecdsa-sha2-nistp521 AAAA'] }, pair.secret)).toBe('other-host-key');
      expect(await sshLogin({ ...door, hostKeys: [] }, pair.secret)).toBe('other-host-key');
    });
  });
}

test('where nobody answers, it is neither', async () => {
  const door = {
    address: '127.0.0.1',
    port: await freePort(),
    user: 'x',
    hostKeys: [newKeyPair('', bytes).keyId.reveal()],
  };
  const { secret } = newKeyPair('test', bytes);

  const failure = sshLogin(door, secret);
  await expect(failure).rejects.toThrow(TransientError);
  await expect(failure).rejects.toThrow('ECONNREFUSED');
});

test('what is no private key is told so, and not shown', async () => {
  const door = { address: '127.0.0.1', port: 1, user: 'x', hostKeys: [] };

  await expect(sshLogin(door, hidden('hunter2'))).rejects.toMatchObject({
    reason: 'shape-mismatch',
    field: 'private key',
  });
});
