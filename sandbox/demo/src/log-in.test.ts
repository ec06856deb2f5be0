import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import ssh2, { type Server } from 'ssh2';
import { afterEach, expect, test } from 'vitest';

import { logIn } from './log-in.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const pair = () => ssh2.utils.generateKeyPairSync('ed25519');
const blob = (publicKey: string) => Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');

/** A host that lets one key in, and says with which exit code `true` ended. */
async function host(authorized: string, exitCode = 0) {
  const own = pair();
  const ran: string[] = [];
  const server = new ssh2.Server({ hostKeys: [own.private] }, (client) => {
    client.on('authentication', (asked) => {
      if (asked.method !== 'publickey' || !asked.key.data.equals(blob(authorized))) return asked.reject(['publickey']);
      asked.accept();
    });
    client.on('error', () => {});
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _, { command }) => {
        ran.push(command);
        const channel = acceptExec();
        channel.exit(exitCode);
        channel.end();
      });
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { at: { port: (server.address() as AddressInfo).port, hostKey: own.public }, ran };
}

test('logs in with the private key at one host after the other, and runs true', async () => {
  const key = pair();
  const [one, two] = [await host(key.public), await host(key.public)];
  const use = logIn({ hosts: [one.at, two.at], user: 'deploy' });

  expect(await use(key.private, 0)).toBeUndefined();
  expect(await use(key.private, 1)).toBeUndefined();

  expect(one.ran).toEqual(['true']);
  expect(two.ran).toEqual(['true']);
});

test('says that a key was refused', async () => {
  const { at } = await host(pair().public);

  expect(await logIn({ hosts: [at], user: 'deploy' })(pair().private, 0)).toBe('client-authentication');
});

test('talks to no host whose key is another one than the pinned', async () => {
  const key = pair();
  const { at, ran } = await host(key.public);
  const other = { ...at, hostKey: pair().public };

  expect(await logIn({ hosts: [other], user: 'deploy' })(key.private, 0)).toBe('handshake');
  expect(ran).toEqual([]);
});

test('counts a command that failed', async () => {
  const key = pair();
  const { at } = await host(key.public, 1);

  expect(await logIn({ hosts: [at], user: 'deploy' })(key.private, 0)).toBe('exit code 1');
});

test('counts a host that is not there, and a value that is no key', async () => {
  const { at } = await host(pair().public);
  const use = logIn({ hosts: [at], user: 'deploy' });
  await expect(use('no key', 0)).rejects.toThrow();
  servers.splice(0).forEach((server) => server.close());

  expect(await use(pair().private, 0)).toBe('client-socket');
});
