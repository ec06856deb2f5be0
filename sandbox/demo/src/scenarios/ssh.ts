import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { systemRandomBytes } from '@keyturn/lambda/system-random';
import { credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import { documentName, hostDocument } from '@keyturn/ssh-adapter/host-document';
import { newKeyPair } from '@keyturn/ssh-adapter/key-pair';
import { sshLogin } from '@keyturn/ssh-adapter/ssh-login';
import { sshSimulator, type SshSimulator } from '@keyturn/ssh-simulator/ssh-simulator';
import * as z from 'zod';

import type { Scenario, SimulatedProvider } from '../simulated-provider.ts';

const script = readFileSync(fileURLToPath(import.meta.resolve('@keyturn/ssh-adapter/authorized-keys.sh')), 'utf8');
const tag = { key: 'Role', value: 'web' };
const pair = z.object({ PublicKey: z.string(), PrivateKey: z.string() });
const off = '#keyturn-off ';

/** The user of three hosts; each of them is a folder, an sshd and a shell that runs what Systems Manager is sent. */
export const ssh: Scenario = {
  name: 'ssh',
  providerId: 'ssh',
  title: 'the SSH key of a user on three hosts, changed by Systems Manager; logins in place of requests',
  overlap: 'multi',
  // Every look at a key starts a shell on each host.
  slow: true,
  start: async ({ nodes }) => {
    const hosts = nodes.map(({ propagationMs, revocationMs }) => ({
      tags: { [tag.key]: tag.value },
      propagationMs,
      revocationMs,
    }));
    return simulated(await sshSimulator({ hosts }));
  },
};

function simulated(simulator: SshSimulator): SimulatedProvider {
  const { hosts, user, file } = simulator;
  const group = { tag: { key: tag.key, values: [tag.value] }, user, file };
  for (const duty of ['issue', 'retire'] as const) {
    const content = hostDocument({ stage: 'sandbox', providerId: 'ssh', duty, groups: { web: group }, script });
    simulator.ssm.createDocument(documentName('sandbox', 'ssh', duty), content);
  }
  const handMade = newKeyPair('deploy@laptop', systemRandomBytes);
  for (const host of hosts) host.write(`# of the team\n${handMade.keyId.reveal()} deploy@laptop\n`);
  const pasted = JSON.stringify({ PublicKey: handMade.keyId.reveal(), PrivateKey: handMade.secret.reveal() });
  const pairIn = (text: string) => {
    const { PublicKey, PrivateKey } = pair.parse(JSON.parse(text));
    return credential(PublicKey, PrivateKey);
  };

  return {
    config: {
      kind: 'ssh',
      ssmUrl: simulator.url,
      allowHttp: ['127.0.0.1'],
      groups: { web: group },
    },
    adminSecret: undefined,
    shape: { keyId: '/PublicKey', secret: '/PrivateKey' },
    pasted,
    adopt: [],
    application: {
      as: 'ssh',
      hosts: hosts.map(({ sshd: { port, hostKey } }) => ({ port, hostKey })),
      user,
      field: 'PrivateKey',
    },
    keys: () => keysOn(simulator),
    disable(keyId) {
      for (const host of hosts) {
        const lines = host.read().split('\n');
        host.write(lines.map((line) => (line.startsWith(keyId) ? off + line : line)).join('\n'));
      }
    },
    keyIdOf: (text) => pairIn(text).keyId.reveal(),
    // A public key is no secret: it stands on every host.
    secretsIn: (text) => secretLines(pairIn(text).secret.reveal()),
    async isRefused(text) {
      const { secret } = pairIn(text);
      const outcomes = hosts.map(({ sshd: { port, hostKey } }) =>
        sshLogin({ address: '127.0.0.1', port, user, hostKeys: [hostKey] }, hidden(secret.reveal())),
      );
      return (await Promise.all(outcomes)).every((outcome) => outcome === 'refused');
    },
    canaries: [],
    endpoints: {
      ssm: simulator.url,
      hosts: hosts.map(({ id, sshd }) => ({ id, port: sshd.port, hostKey: sshd.hostKey, user })),
    },
    close: () => simulator.close(),
  };
}

/** In use is what every sshd lets in. */
function keysOn({ hosts }: SshSimulator) {
  const lines = hosts.flatMap((host) => host.read().split('\n'));
  const keyIds = new Set(lines.flatMap((line) => /^(?:#keyturn-off )?(ssh-ed25519 \S+)/.exec(line)?.[1] ?? []));
  return [...keyIds].map((keyId) => ({ keyId, enabled: hosts.every((host) => host.acceptedKeys().includes(keyId)) }));
}

/** The lines of a private key that no other one has. */
const secretLines = (text: string): readonly string[] => text.split('\n').slice(3, -2);
