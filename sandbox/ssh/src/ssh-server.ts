import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import ssh2 from 'ssh2';

export type SshServer = {
  readonly port: number;
  /** Type and key. */
  readonly hostKey: string;
  close(): Promise<void>;
};

type Options = { readonly user: string; readonly accepts: (publicKey: string) => boolean };

/** An sshd on 127.0.0.1 that knows one user, lets keys in, and runs every command by doing nothing. */
export async function sshServer({ user, accepts }: Options): Promise<SshServer> {
  // Of ssh2's own ed25519 keys some cannot be read again.
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const open = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys: [pem] }, (client) => {
    open.add(client);
    client.on('authentication', (attempt) => {
      if (attempt.method !== 'publickey') return attempt.reject(['publickey']);
      const { key, signature, blob, hashAlgo } = attempt;
      const isKnown = attempt.username === user && accepts(`${key.algo} ${key.data.toString('base64')}`);
      const parsed = ssh2.utils.parseKey(key.data);
      if (!isKnown || parsed instanceof Error || Array.isArray(parsed)) return attempt.reject(['publickey']);
      // Without a signature somebody only asks whether the key would do.
      if (signature !== undefined && blob !== undefined) {
        // An error, where the signature cannot even be read.
        const verified: unknown = parsed.verify(blob, signature, hashAlgo);
        if (verified !== true) return attempt.reject(['publickey']);
      }
      attempt.accept();
    });
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec) => {
        const channel = acceptExec();
        channel.exit(0);
        channel.end();
      });
    });
    client.on('error', () => {});
    client.on('close', () => void open.delete(client));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const parsed = ssh2.utils.parseKey(pem);
  if (parsed instanceof Error || Array.isArray(parsed)) throw new Error('The host key cannot be read');
  return {
    port: portOf(server.address()),
    hostKey: `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`,
    async close() {
      for (const client of open) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}
