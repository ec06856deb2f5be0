import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import ssh2 from 'ssh2';

import type { Door, Login, LoginOutcome } from './login.ts';

const timeoutMs = 10_000;

/** Logs in over the network. Whoever shows another host key hears nothing of ours: the key is proven by a signature for this very connection. */
export const sshLogin: Login = (door, privateKey) => {
  if (ssh2.utils.parseKey(privateKey.reveal()) instanceof Error) {
    return Promise.reject(
      new PermanentError('shape-mismatch', 'This is no private key, or it needs a passphrase', {
        field: 'private key',
      }),
    );
  }
  return new Promise<LoginOutcome>((resolve, reject) => {
    const client = new ssh2.Client();
    let strange = false;
    const end = (settle: () => void) => {
      client.removeAllListeners('close').end();
      client.destroy();
      settle();
    };
    client.on('ready', () => end(() => resolve('accepted')));
    client.on('error', (error) =>
      end(() => (strange ? resolve('other-host-key') : settleError(error, door, resolve, reject))),
    );
    client.on('close', () => reject(noAnswer(door, 'closed')));
    client.connect({
      host: door.address,
      port: door.port,
      username: door.user,
      privateKey: privateKey.reveal(),
      readyTimeout: timeoutMs,
      // Also for the agent and the passwords that ssh2 would try.
      authHandler: ['publickey'],
      algorithms: { serverHostKey: [...new Set(door.hostKeys.flatMap(algorithmsOf))] },
      hostVerifier: (key: Buffer) => {
        strange = !door.hostKeys.some((known) => known.split(' ')[1] === key.toString('base64'));
        return !strange;
      },
    });
  });
};

function settleError(
  error: Error & { level?: string; code?: string },
  door: Door,
  resolve: (outcome: LoginOutcome) => void,
  reject: (error: Error) => void,
): void {
  if (error.level === 'client-authentication') resolve('refused');
  // No host key of a kind that is known.
  else if (error.level === 'handshake' || /no matching host key/i.test(error.message)) resolve('other-host-key');
  else reject(noAnswer(door, error.code ?? error.level ?? 'error'));
}

function noAnswer({ address, port }: Door, code: string): TransientError {
  return new TransientError(`Login at ${address}:${port}: no answer (${/^[\w-]{1,40}$/.test(code) ? code : 'error'})`);
}

type HostKeyAlgorithm =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'rsa-sha2-512'
  | 'rsa-sha2-256';

function algorithmsOf(hostKey: string): readonly HostKeyAlgorithm[] {
  const [type = ''] = hostKey.split(' ');
  switch (type) {
    case 'ssh-ed25519':
      return ['ssh-ed25519'];
    case 'ecdsa-sha2-nistp256':
      return ['ecdsa-sha2-nistp256'];
    case 'ecdsa-sha2-nistp384':
      return ['ecdsa-sha2-nistp384'];
    case 'ecdsa-sha2-nistp521':
      return ['ecdsa-sha2-nistp521'];
    case 'ssh-rsa':
      return ['rsa-sha2-512', 'rsa-sha2-256'];
    default:
      return [];
  }
}
