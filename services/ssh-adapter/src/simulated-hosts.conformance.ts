import { randomBytes } from 'node:crypto';

import { awsClients } from '@keyturn/aws/clients';
import { ssh as sshConfig } from '@keyturn/config/ssh-config';
import type { ProviderFixture, SetUp } from '@keyturn/credential-provider/provider-fixture';
import type { Model } from '@keyturn/ssh-simulator/simulated-host';
import { sshSimulator } from '@keyturn/ssh-simulator/ssh-simulator';

import { formatAuthorizedLine } from './authorized-line.ts';
import { hostDocument } from './host-document.ts';
import { newKeyPair } from './key-pair.ts';
import { block, documents, handLine, storedIn } from './memory-hosts.conformance.ts';
import { carryOut, parameters } from './memory-hosts.ts';
import { sdkSsm } from './sdk-ssm.ts';
import { script } from './shell-host.conformance.ts';
import { sshLogin } from './ssh-login.ts';
import { sshIssue, sshRetire } from './ssh-provider.ts';

// The first lines of a document's script are its parameters.
const byModel: Model = (script, { now, ...host }) => {
  const lines = script.split('\n').slice(1, 7);
  const asked = parameters.parse(Object.fromEntries(lines.map((line) => line.slice(0, -1).split("='"))));
  return carryOut(host, { ...asked, block: block(asked.group) }, now);
};

/** The SDK over HTTP, the script by a real shell or by the model of it, real logins; a host, and one of another group. What several hosts mean is in group-of-hosts.test.ts. Its clock moves when the adapter sleeps. */
export const simulatedHosts =
  (by: 'sh' | 'model'): SetUp =>
  async () => {
    let now = 1_800_000_000_000;
    const simulator = await sshSimulator({
      hosts: [{ tags: { Role: 'web' } }, { tags: { Role: 'jobs' } }],
      now: () => now,
      shell: by === 'model' ? byModel : by,
    });
    const role = (value: string) => ({
      tag: { key: 'Role', values: [value] },
      user: simulator.user,
      file: simulator.file,
    });
    const config = sshConfig.parse({
      kind: 'ssh',
      groups: { web: role('web'), jobs: role('jobs') },
      propagation: '1s',
      revocation: '1s',
    });
    const { groups } = config;
    for (const duty of ['issue', 'retire'] as const) {
      simulator.ssm.createDocument(
        documents[duty],
        hostDocument({ stage: 'test', providerId: 'hosts', duty, groups, script }),
      );
    }
    const client = awsClients({
      endpoint: simulator.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
      attempts: 1,
    }).ssm();
    let open = false;
    const clock = {
      now: () => now,
      async sleep(ms: number) {
        now += ms;
        await simulator.ssm.settled();
      },
    };
    const options = {
      config,
      documents,
      ssm: sdkSsm(client),
      login: (...[door, key]: Parameters<typeof sshLogin>) =>
        open ? Promise.resolve('accepted' as const) : sshLogin(door, key),
      clock,
      randomBytes: (size: number) => randomBytes(size),
    };
    const of = (target: string) => simulator.hosts.filter(({ tags }) => tags['Role'] === target);
    const privateKeys: string[] = [];
    const issue = sshIssue(options);
    const fixture: ProviderFixture = {
      provider: {
        ...issue,
        ...sshRetire(options),
        async propose(request) {
          const made = await issue.propose(request);
          privateKeys.push(made.secret.reveal());
          return made;
        },
      },
      target: 'web',
      otherTarget: 'jobs',
      missingTarget: 'nowhere',
      malformedTargets: ['web;id', '10.0.0.1'],
      entitlements: [],
      manualEntitlement: undefined,
      maxKeys: undefined,
      tellsSecret: true,
      canaries: [],
      async handMade({ target = 'web', mark, disabled = false, expired = false } = {}) {
        const made = newKeyPair('deploy@laptop', options.randomBytes);
        privateKeys.push(made.secret.reveal());
        const line = formatAuthorizedLine({
          options: expired ? 'expiry-time="20200101"' : '',
          publicKey: made.keyId.reveal(),
          comment: mark ?? 'deploy@laptop',
        });
        for (const host of of(target)) {
          host.write(
            handLine(host.read(), (disabled ? '#keyturn-off ' : '') + line, mark !== undefined, block(target)),
          );
        }
        return made;
      },
      async stored(target) {
        const [host] = of(target);
        return storedIn(host?.read() ?? '', block(target));
      },
      advance: (ms) => clock.sleep(ms),
      async close() {
        await simulator.close();
        const leaked = privateKeys
          .flatMap((text) => text.split('\n').slice(1, -2))
          .filter((line) => simulator.ssm.sent.join().includes(line));
        // The first line of every private key is the same.
        if (leaked.some((line) => !line.startsWith('b3BlbnNzaC1rZXk')))
          throw new Error('A private key was sent to hosts');
      },
      acceptAnything: async () => void (open = true),
      faults: {
        loseAnswer: (lost) => void (simulator.meet = (nth) => (nth === lost ? 'lose-answer' : 'answer')),
        failBefore: (first) => void (simulator.meet = (nth) => (nth >= first ? 'fail' : 'answer')),
        always: (trouble) => void (simulator.trouble = trouble),
        calm() {
          simulator.meet = undefined;
          simulator.trouble = undefined;
        },
      },
    };
    return fixture;
  };
