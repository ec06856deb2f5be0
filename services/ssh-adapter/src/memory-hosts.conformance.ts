import { randomBytes } from 'node:crypto';

import { ssh as sshConfig } from '@keyturn/config/ssh-config';
import type { Faults, ProviderFixture, SetUp, StoredKey } from '@keyturn/credential-provider/provider-fixture';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { expiryOf, formatAuthorizedLine, parseAuthorizedLine } from './authorized-line.ts';
import { newKeyPair } from './key-pair.ts';
import type { Login } from './login.ts';
import { memoryHosts, type MemoryHost } from './memory-hosts.ts';
import { sshIssue, sshRetire } from './ssh-provider.ts';

export const documents = { issue: 'keyturn-test-hosts-issue', retire: 'keyturn-test-hosts-retire' };
export const block = (group: string) => `test/hosts/${group}`;
const role = (value: string) => ({ tag: { key: 'Role', values: [value] }, user: 'deploy' });
export const config = sshConfig.parse({
  kind: 'ssh',
  groups: { web: role('web'), jobs: role('jobs'), blind: { ...role('blind'), login: false } },
});

export const hostIn = (value: string, index: number, more: Partial<MemoryHost> = {}): MemoryHost => ({
  id: `i-${value}${index}`,
  tag: { key: 'Role', value },
  address: `10.0.0.${index}`,
  online: true,
  file: undefined,
  slowMs: index * 700,
  told: `port 22\nkey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${index}\n`,
  ...more,
});

/** Lines that a person writes: outside of our block, or in it where they are to bear a mark. */
export function handLine(file: string, line: string, inBlock: boolean, name: string): string {
  if (!inBlock) return `${line}\n${file}`;
  const end = `# END keyturn ${name}\n`;
  const known = file.includes(end) ? file : `${file}# BEGIN keyturn ${name}\n${end}`;
  return known.replace(end, () => `${line}\n${end}`);
}

export function storedIn(file: string, name: string): readonly StoredKey[] {
  let inBlock = false;
  return file.split('\n').flatMap((text): readonly StoredKey[] => {
    if (text.endsWith(` keyturn ${name}`)) inBlock = text.startsWith('# BEGIN');
    const enabled = !text.startsWith('#keyturn-off ');
    const line = parseAuthorizedLine(text.replace('#keyturn-off ', ''));
    if (line === undefined) return [];
    const mark = inBlock && line.comment !== '' ? line.comment : undefined;
    return [{ keyId: line.publicKey, enabled, mark, expiresAt: expiryOf(line), rest: { options: line.options } }];
  });
}

/** Three hosts, the slowest of which takes two seconds, and a door that looks into their files. */
export function memoryFixture(): ProviderFixture & { readonly hosts: MemoryHost[] } {
  let now = 1_800_000_000_000;
  const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  let interference = <T>(_: string, run: () => T | Promise<T>): T | Promise<T> => run();
  const hosts = [1, 2, 3].map((index) => hostIn('web', index));
  hosts.push(hostIn('jobs', 4), hostIn('blind', 5));
  const memory = memoryHosts({
    clock,
    hosts,
    documents: { [documents.issue]: { duty: 'issue', block }, [documents.retire]: { duty: 'retire', block } },
    reach: async (name, run) => interference(name, run),
  });
  let open = false;
  const login: Login = async ({ address }, privateKey) => {
    const host = memory.hosts.find((one) => one.address === address);
    const isOn = storedIn(host?.file ?? '', block('web')).some(
      ({ keyId, enabled, expiresAt = Infinity }) =>
        enabled && expiresAt > now && pairs.get(keyId) === privateKey.reveal(),
    );
    return open || isOn ? 'accepted' : 'refused';
  };
  const pairs = new Map<string, string>();
  const bytes = (size: number) => randomBytes(size);
  const options = { config, ssm: memory.ssm, documents, login, clock, randomBytes: bytes };
  const issue = sshIssue(options);
  const provider = {
    ...issue,
    ...sshRetire(options),
    propose: async (request: Parameters<typeof issue.propose>[0]) => {
      const made = await issue.propose(request);
      pairs.set(made.keyId.reveal(), made.secret.reveal());
      return made;
    },
  };
  const of = (target: string) => memory.hosts.filter(({ tag }) => tag.value === target);
  const byHand: ProviderFixture['handMade'] = async ({
    target = 'web',
    mark,
    disabled = false,
    expired = false,
  } = {}) => {
    const made = newKeyPair('deploy@laptop', bytes);
    pairs.set(made.keyId.reveal(), made.secret.reveal());
    const line = formatAuthorizedLine({
      options: expired ? 'expiry-time="20200101"' : '',
      publicKey: made.keyId.reveal(),
      comment: mark ?? 'deploy@laptop',
    });
    for (const host of of(target)) {
      host.file = handLine(
        host.file ?? '',
        (disabled ? '#keyturn-off ' : '') + line,
        mark !== undefined,
        block(target),
      );
    }
    return made;
  };
  return {
    hosts: memory.hosts,
    provider,
    target: 'web',
    otherTarget: 'jobs',
    missingTarget: 'nowhere',
    malformedTargets: ['web;id', '10.0.0.1', 'web jobs', '__proto__', 'i-0123\n'],
    entitlements: [],
    manualEntitlement: undefined,
    maxKeys: undefined,
    tellsSecret: true,
    canaries: [],
    handMade: byHand,
    stored: async (target) => storedIn(of(target)[0]?.file ?? '', block(target)),
    advance: (ms) => clock.sleep(ms),
    close: async () => {},
    unprobed: async () => ({ target: 'blind', credential: await byHand({ target: 'blind' }) }),
    acceptAnything: async () => void (open = true),
    faults: faults((next) => {
      interference = next;
    }),
  };
}

export const setUp: SetUp = async () => memoryFixture();

/** Every host prints a page. */
function nonsense<T>(answer: T): T {
  return JSON.parse(JSON.stringify(answer).replaceAll(/"\{\\"v.*?\}\\n"/g, '"<html>"')) as T;
}

type Interference = <T>(name: string, run: () => T | Promise<T>) => T | Promise<T>;
const isWrite = (name: string) => !/ (list|describe|read)\b/.test(name);

function faults(interfere: (interference: Interference) => void): Faults {
  return {
    loseAnswer(lost) {
      let writes = 0;
      interfere(async (name, run) => {
        const answer = await run();
        if (isWrite(name) && (writes += 1) === lost) throw new TransientError('no answer');
        return answer;
      });
    },
    failBefore(first) {
      let writes = 0;
      interfere((name, run) => {
        if (isWrite(name) && (writes += 1) >= first) throw new TransientError('no answer');
        return run();
      });
    },
    always(trouble) {
      interfere(async (name, run) => {
        if (trouble === 'denied') throw new PermanentError('access-denied', 'AccessDeniedException');
        if (trouble === 'throttled' || trouble === 'unavailable') throw new TransientError(trouble);
        const answer = await run();
        return name.endsWith('answer') || name.endsWith('answers') ? nonsense(answer) : answer;
      });
    },
    calm: () => interfere((_, run) => run()),
  };
}
