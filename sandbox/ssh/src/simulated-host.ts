import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { sshServer, type SshServer } from './ssh-server.ts';

export type HostTiming = {
  /** How late its sshd hears of a new key, and of one that is gone, in milliseconds; as where homes are on a network. */
  readonly propagationMs?: number;
  readonly revocationMs?: number;
  /** How long it takes until a command runs there. */
  readonly commandMs?: number;
};

export type SimulatedHost = {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly sshd: SshServer;
  /** The agent is heard of. */
  online: boolean;
  /** The text of authorized_keys; '' where there is none. */
  read(): string;
  /** As a person with an editor does. */
  write(text: string): void;
  /** Has the shell run a script, as the SSM agent does. */
  run(script: string): Promise<{ readonly output: string; readonly status: number }>;
  /** Every key that its sshd lets in now, type and key. */
  acceptedKeys(): readonly string[];
  close(): Promise<void>;
};

/** In place of a shell, for whoever makes thousands of calls: what a script makes of authorized_keys. `told`: what the host says of its sshd. */
export type Model = (
  script: string,
  host: { readonly file: string; readonly told: string; readonly now: number },
) => { readonly output: string; readonly file: string };

type Options = HostTiming & {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly user: string;
  /** Where the document looks for the file, from the root of the host. */
  readonly file: string;
  /** What runs the script. */
  readonly shell: string | Model;
  readonly now: () => number;
};

/** A host: a folder that stands for its file system, an sshd on 127.0.0.1 that looks into it, and a shell. */
export async function simulatedHost(options: Options): Promise<SimulatedHost> {
  const { id, tags, user, shell, now, propagationMs = 0, revocationMs = 0, commandMs = 0 } = options;
  const root = await mkdtemp(join(tmpdir(), 'keyturn-host-'));
  const file = join(root, options.file);
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  await mkdir(join(root, 'etc/ssh'), { recursive: true });
  // What sshd believes, and since when.
  const seen = new Map<string, { readonly on: boolean; readonly since: number }>();
  const notice = (text: string, at: number) => {
    const keys = new Set(text.split('\n').flatMap((line) => keyIn(line) ?? []));
    for (const key of keys) if (seen.get(key)?.on !== true) seen.set(key, { on: true, since: at });
    for (const [key, { on }] of seen) if (on && !keys.has(key)) seen.set(key, { on: false, since: at });
  };
  const acceptedKeys = () =>
    [...seen].flatMap(([key, { on, since }]) => {
      const accepted = on ? now() >= since + propagationMs : now() < since + revocationMs;
      return accepted ? [key] : [];
    });
  let runs = 0;
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const sshd = await sshServer({ user, accepts: (key) => acceptedKeys().includes(key) });
  await writeFile(join(root, 'etc/ssh/sshd_config'), `Port ${sshd.port}\n`);
  await writeFile(join(root, 'etc/ssh/ssh_host_ecdsa_key.pub'), `${sshd.hostKey} root@${id}\n`);

  return {
    id,
    tags,
    sshd,
    online: true,
    read,
    write(text) {
      const isFirst = read() === '';
      writeFileSync(file, text);
      chmodSync(file, 0o600);
      // What a person put there first was there before anybody looked.
      notice(text, isFirst ? -Infinity : now());
    },
    async run(script) {
      if (commandMs > 0) await new Promise((resolve) => setTimeout(resolve, commandMs));
      if (typeof shell === 'function') {
        const told = `port ${sshd.port}\nkey ${sshd.hostKey}\n`;
        const after = shell(script, { file: read(), told, now: now() });
        if (after.file !== read()) writeFileSync(file, after.file);
        notice(after.file, now());
        return { output: after.output, status: 0 };
      }
      const path = join(root, `script-${(runs += 1)}`);
      await writeFile(path, script);
      const env = { PATH: process.env['PATH'], KEYTURN_ROOT: root, KEYTURN_NOW: String(Math.floor(now() / 1000)) };
      const ran = await new Promise<{ output: string; status: number }>((resolve) => {
        execFile(shell, [path], { env }, (error, output) => {
          const code = error?.code;
          resolve({ output, status: error === null ? 0 : typeof code === 'number' ? code : 1 });
        });
      });
      notice(read(), now());
      return ran;
    },
    acceptedKeys,
    async close() {
      await sshd.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** The user of every host: the script may work for nobody else than who runs it. */
export const simulatedUser = userInfo().username;

/** Only lines without options: what a simulated sshd does not understand it does not let in. */
function keyIn(line: string): string | undefined {
  return /^((?:ssh|ecdsa)-[\w-]+ [A-Za-z0-9+/]+={0,2})(?: |$)/.exec(line)?.[1];
}
