import { createHash } from 'node:crypto';

import { ssh as schema } from '@keyturn/config/ssh-config';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';
import { formatAuthorizedLine, parseAuthorizedLine } from '@keyturn/ssh-adapter/authorized-line';
import { newKeyPair } from '@keyturn/ssh-adapter/key-pair';
import type { Login } from '@keyturn/ssh-adapter/login';
import { memoryHosts, type MemoryHost, type MemoryHosts } from '@keyturn/ssh-adapter/memory-hosts';
import { sshIssue, sshRetire } from '@keyturn/ssh-adapter/ssh-provider';

import type { LabKey, LabProvider, LabProviderOptions } from './lab-provider.ts';

const targets = ['web', 'jobs'] as const;
const groupOf = (value: string) => ({ tag: { key: 'Role', values: [value] }, user: 'deploy' });
// Parsed once: a run makes thousands of worlds.
const config = schema.parse({
  kind: 'ssh',
  groups: { web: groupOf('web'), jobs: groupOf('jobs') },
  propagation: '30s',
  revocation: '3m',
});
const documents = { issue: 'keyturn-lab-lab-issue', retire: 'keyturn-lab-lab-retire' };
const block = (group: string) => `lab/lab/${group}`;
const off = '#keyturn-off ';

/** Two at once and one that takes its time; what nobody of ours may touch stands in each. */
const hostIn = (group: string, index: number): MemoryHost => ({
  id: `i-${group}-${index}`,
  tag: { key: 'Role', value: group },
  address: `${group}-${index}`,
  online: true,
  file: '# of the team\n',
  slowMs: index * 1500,
  told: 'port 22\n',
});

/** The SSH adapter as it is shipped, over SSM and hosts in this process; each host is a node of the data plane. */
export function sshLabProvider(options: LabProviderOptions): LabProvider {
  return sshLab(options).provider;
}

/** The same with what stands behind it, for tests. */
export function sshLab({ clock, reach, newText }: LabProviderOptions): { provider: LabProvider; hosts: MemoryHosts } {
  const memory = memoryHosts({
    clock,
    reach,
    hosts: targets.flatMap((group) => [0, 1, 2].map((index) => hostIn(group, index))),
    documents: { [documents.issue]: { duty: 'issue', block }, [documents.retire]: { duty: 'retire', block } },
  });
  const pairs = new Map<string, string>();
  const accepts = (host: MemoryHost, keyId: string) =>
    !switchedOff.has(host.tag.value) && linesOf(host).some((line) => line.enabled && line.keyId === keyId);
  const switchedOff = new Set<string>();
  const login: Login = ({ address }, privateKey) =>
    reach('host probe', () => {
      const host = memory.hosts.find((one) => one.address === address);
      const keyId = pairs.get(privateKey.reveal());
      return host !== undefined && keyId !== undefined && accepts(host, keyId) ? 'accepted' : 'refused';
    });
  const made = { config, ssm: memory.ssm, documents, login, clock, randomBytes: bytesOf(newText) };
  const issue = sshIssue(made);
  const note = (pair: ReturnType<typeof newKeyPair>) => {
    pairs.set(pair.secret.reveal(), pair.keyId.reveal());
    return pair;
  };
  const hostsOf = (target: string) => memory.hosts.filter(({ tag }) => tag.value === target);
  const edit = (target: string, change: (line: Line) => string | undefined) => {
    for (const host of hostsOf(target)) {
      host.file = linesIn(host)
        .flatMap((line) => change(line) ?? [])
        .map((text) => `${text}\n`)
        .join('');
    }
  };
  const provider: LabProvider = {
    issue: { ...issue, propose: async (request) => note(await issue.propose(request)) },
    retire: sshRetire(made),
    clientSuppliedKey: true,
    targets,
    handMade({ target, mark }) {
      const pair = note(newKeyPair('by hand', made.randomBytes));
      const line = formatAuthorizedLine({ options: '', publicKey: pair.keyId.reveal(), comment: mark ?? 'by hand' });
      for (const host of hostsOf(target))
        host.file = withLine(host.file ?? '', line, mark !== undefined, block(target));
      return pair;
    },
    stored: (target) => storedOn(hostsOf(target), pairs),
    acceptedBy: ({ keyId }) =>
      targets.flatMap((target) => {
        const hosts = hostsOf(target);
        const known = hosts.some((host) => linesOf(host).some((line) => line.keyId === keyId.reveal()));
        return known || target === 'web' ? hosts.map((host) => accepts(host, keyId.reveal())) : [];
      }),
    hand: {
      remove: (target, keyId) => edit(target, (line) => (line.keyId === keyId ? undefined : line.text)),
      disable: (target, keyId) =>
        edit(target, (line) => (line.keyId === keyId && line.enabled ? off + line.text : line.text)),
      enable: (target, keyId) =>
        edit(target, (line) => (line.keyId === keyId && !line.enabled ? line.text.slice(off.length) : line.text)),
      changeEntitlements: (target) =>
        edit(target, (line) => {
          if (line.keyId === undefined) return line.text;
          const key = line.text.replace(off, '').replace(/^no-pty /, '');
          const options = /(^|^#keyturn-off )no-pty /.test(line.text) ? '' : 'no-pty ';
          return `${line.enabled ? '' : off}${options}${key}`;
        }),
      switchOff: (target) => void switchedOff.add(target),
      switchOn: (target) => void switchedOff.delete(target),
    },
  };
  return { provider, hosts: memory };
}

type Line = {
  readonly text: string;
  readonly keyId: string | undefined;
  readonly enabled: boolean;
  readonly mark: string | undefined;
  readonly options: string;
};

const parsedFiles = new Map<string, readonly Line[]>();

// Asked for after every effect of a run.
function linesIn({ file = '' }: MemoryHost): readonly Line[] {
  const known = parsedFiles.get(file);
  if (known !== undefined) return known;
  if (parsedFiles.size > 5000) parsedFiles.clear();
  let inBlock = false;
  const lines = file.split('\n').map((text): Line => {
    if (/^# (BEGIN|END) keyturn /.test(text)) inBlock = text.startsWith('# BEGIN');
    const enabled = !text.startsWith(off);
    const line = parseAuthorizedLine(enabled ? text : text.slice(off.length));
    return {
      text,
      keyId: line?.publicKey,
      enabled,
      mark: inBlock ? line?.comment : undefined,
      options: line?.options ?? '',
    };
  });
  const whole = lines.at(-1)?.text === '' ? lines.slice(0, -1) : lines;
  parsedFiles.set(file, whole);
  return whole;
}

const linesOf = (host: MemoryHost) => linesIn(host).filter(({ keyId }) => keyId !== undefined);

// A key is there while one host has it, and on only while none has it off.
function storedOn(hosts: readonly MemoryHost[], pairs: ReadonlyMap<string, string>): readonly LabKey[] {
  const secrets = new Map([...pairs].map(([secret, keyId]) => [keyId, secret]));
  const keys = new Map<string, LabKey>();
  for (const host of hosts) {
    for (const { keyId = '', enabled, mark, options } of linesOf(host)) {
      const before = keys.get(keyId);
      keys.set(keyId, {
        keyId,
        secret: secrets.get(keyId) ?? '',
        enabled: enabled && before?.enabled !== false,
        mark: mark ?? before?.mark,
        issuedAt: 0,
        entitlements: options === '' ? [] : [options],
      });
    }
  }
  return [...keys.values()];
}

function withLine(file: string, line: string, inBlock: boolean, name: string): string {
  if (!inBlock) return `${file}${line}\n`;
  const end = `# END keyturn ${name}\n`;
  const known = file.includes(end) ? file : `${file}# BEGIN keyturn ${name}\n${end}`;
  return known.replace(end, () => `${line}\n${end}`);
}

// As random as the text: the same in every run, and never the same twice.
function bytesOf(newText: () => string): RandomBytes {
  return (size) => createHash('sha512').update(newText()).digest().subarray(0, size);
}
