import ssh2 from 'ssh2';

import type { SshApplication } from './simulated-provider.ts';
import type { UseOnce } from './use-key.ts';

const timeoutMs = 10_000;

/** An application that logs in with the value as its private key and runs `true`, at one host after the other, on a connection of its own each time. */
export function logIn({ hosts, user }: Pick<SshApplication, 'hosts' | 'user'>): UseOnce {
  return (privateKey, number) => {
    const host = hosts[number % hosts.length];
    return host === undefined ? Promise.resolve('no host') : runTrue({ ...host, user, privateKey });
  };
}

type LogIn = SshApplication['hosts'][number] & { readonly user: string; readonly privateKey: string };

/** undefined: it was let in, and `true` ran. */
function runTrue({ port, hostKey, user, privateKey }: LogIn): Promise<string | undefined> {
  const client = new ssh2.Client();
  return new Promise<string | undefined>((resolve) => {
    client.once('ready', () => {
      client.exec('true', (error, channel) => {
        if (error !== undefined) return resolve('exec refused');
        channel.once('exit', (code: number | null) => resolve(code === 0 ? undefined : `exit code ${code}`));
        channel.once('close', () => resolve('closed without an exit code'));
        channel.resume();
      });
    });
    client.on('error', ({ level = 'unknown' }) => resolve(level));
    client.once('close', () => resolve('closed'));
    // A key that is no key throws here.
    client.connect({
      host: '127.0.0.1',
      port,
      username: user,
      privateKey,
      readyTimeout: timeoutMs,
      hostVerifier: (key: Buffer) => key.equals(blobOf(hostKey)),
    });
  }).finally(() => client.end());
}

/** `ssh-ed25519 AAAA… comment` → its bytes. */
function blobOf(hostKey: string): Buffer {
  return Buffer.from(hostKey.split(/\s+/).find((part) => part.startsWith('AAAA')) ?? '', 'base64');
}
