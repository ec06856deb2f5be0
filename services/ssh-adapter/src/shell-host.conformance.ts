import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { hostDocument, operations, type Duty } from './host-document.ts';
import { block, group, type Asked, type RunOnFile } from './host-script.conformance.ts';

export const script = readFileSync(join(import.meta.dirname, 'authorized-keys.sh'), 'utf8');

/** The shells of this machine that are POSIX enough, by their own names. */
export function shells(): readonly (readonly string[])[] {
  const known = [['dash'], ['bash', '--posix'], ['busybox', 'sh'], ['ksh'], ['zsh', '--emulate', 'sh']];
  return known.filter(([name = '']) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);
}

/** Without a tool that not every host has. */
export type Lacks = { readonly lacks?: readonly string[] };

export type Host = {
  /** Of the host. */
  readonly root: string;
  readonly folder: string;
  readonly file: string;
  readonly run: (asked: Asked & { readonly before?: number; readonly now?: number }) => {
    readonly output: string;
    readonly status: number | null;
  };
  readonly close: () => void;
};

/** A host that is a folder. Its user is whoever runs the tests, unless told otherwise. */
export function shellHost(
  shell: readonly string[],
  { user = userInfo().username, lacks = [] }: Lacks & { readonly user?: string } = {},
): Host {
  const root = mkdtempSync(join(tmpdir(), 'keyturn-host-'));
  const folder = join(root, 'home/deploy/.ssh');
  const file = join(folder, 'authorized_keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [stage = '', providerId = ''] = block.split('/');
  const path = lacks.length === 0 ? process.env['PATH'] : pathWithout(lacks, join(root, 'bin'));
  return {
    root,
    folder,
    file,
    run({ before = 2 ** 40, now, ...asked }) {
      const duty: Duty = (operations.issue as readonly string[]).includes(asked.operation) ? 'issue' : 'retire';
      const groups = { [group]: { user, file: '/home/deploy/.ssh/authorized_keys' } };
      const { mainSteps } = hostDocument({ stage, providerId, duty, groups, script });
      const options = Buffer.from(asked.options ?? '', 'latin1').toString('base64');
      const given: Record<string, string> = { key: '', mark: '', ...asked, options, group, before: String(before) };
      const text = (mainSteps[0]?.inputs.runCommand ?? [])
        .join('\n')
        .replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => given[name] ?? '');
      writeFileSync(join(root, 'script'), text);
      const [command = 'sh', ...args] = shell;
      const env = { PATH: path, KEYTURN_ROOT: root, ...(now !== undefined && { KEYTURN_NOW: String(now) }) };
      const { stdout, stderr, status } = spawnSync(command, [...args, join(root, 'script')], { encoding: 'utf8', env });
      if (stderr !== '') throw new Error(`The script complains: ${stderr}`);
      return { output: stdout, status };
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

const tools =
  'awk base64 cat chcon chmod cmp cp cut date find flock getent id ls mkdir mv openssl restorecon rm rmdir runuser sh sleep su sync tr';

function pathWithout(lacks: readonly string[], folder: string): string {
  mkdirSync(folder);
  const places = tools.split(' ').filter((name) => !lacks.includes(name));
  const found = spawnSync('sh', ['-c', places.map((name) => `command -v ${name};`).join(' ')], {
    encoding: 'utf8',
  }).stdout;
  spawnSync('ln', ['-s', ...found.split('\n').filter((path) => path.startsWith('/')), folder]);
  return folder;
}

export const runBy =
  (shell: readonly string[], lacks: Lacks = {}): RunOnFile =>
  async (before, asked) => {
    const host = shellHost(shell, lacks);
    try {
      if (before !== undefined) writeFileSync(host.file, before);
      const { output } = host.run(asked);
      return { output, file: existsSync(host.file) ? readFileSync(host.file, 'utf8') : undefined };
    } finally {
      host.close();
    }
  };
