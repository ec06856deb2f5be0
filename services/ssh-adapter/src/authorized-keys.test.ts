import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { parseHostAnswer } from './host-answer.ts';
import { key, mark, other, testHostScript } from './host-script.conformance.ts';
import { testLikeModel } from './like-model.conformance.ts';
import { runBy, shellHost, shells } from './shell-host.conformance.ts';

// Each run is a dozen processes.
vi.setConfig({ testTimeout: 60_000 });

const [first = ['sh'], ...others] = shells();
testHostScript(`by ${first[0]}`, runBy(first), { repeats: false });

// What is said of one shell and of the model need not be said again: these say the same as the model.
for (const shell of others) testLikeModel(`by ${shell[0]}`, runBy(shell));
testLikeModel(
  'by sh, on a host without flock, base64, runuser and SELinux',
  runBy(['sh'], { lacks: ['flock', 'base64', 'runuser', 'chcon', 'restorecon', 'sync'] }),
);

const add = { operation: 'add', key, mark: mark(1) } as const;

function host(options: Parameters<typeof shellHost>[1] = {}) {
  const made = shellHost(['sh'], options);
  onTestFinished(made.close);
  return made;
}
const codeOf = ({ output }: { readonly output: string }) => parseHostAnswer(output);
const isRoot = userInfo().uid === 0;

describe('authorized-keys.sh on a host', () => {
  test('keeps mode and owner of the file, and leaves nothing else behind', () => {
    const { folder, file, run } = host();
    writeFileSync(file, `${other} x\n`, { mode: 0o640 });
    if (isRoot) chownSync(file, 0, 65534);

    run(add);

    const { mode, gid } = statSync(file);
    expect([mode & 0o777, gid]).toEqual([0o640, isRoot ? 65534 : gid]);
    expect(readdirSync(folder).sort()).toEqual(['.authorized_keys.keyturn-lock', 'authorized_keys']);
  });

  test('changes a file that is read-only, and leaves it so', () => {
    const { file, run } = host();
    writeFileSync(file, `${other} x\n`, { mode: 0o400 });

    expect(codeOf(run(add))).not.toBeTypeOf('string');

    expect(statSync(file).mode & 0o777).toBe(0o400);
    expect(readFileSync(file, 'utf8')).toContain(key);
  });

  test('is one step: whoever has the old file open reads the old one', () => {
    const { root, file, run } = host();
    writeFileSync(file, `${other} x\n`);
    linkSync(file, join(root, 'old'));

    run(add);

    expect(readFileSync(join(root, 'old'), 'utf8')).toBe(`${other} x\n`);
  });

  test('makes folder and file where a user has none', () => {
    const { folder, file, run } = host();
    rmSync(folder, { recursive: true });

    expect(codeOf(run({ operation: 'list' }))).toMatchObject({ keys: [], hasBlock: false });
    expect(existsSync(folder)).toBe(false);
    run(add);

    expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  test('refuses a user that does not exist', () => {
    const { run, file } = host({ user: 'nobody-here' });

    expect(codeOf(run(add))).toBe('no-user');
    expect(existsSync(file)).toBe(false);
  });

  test.each(['list', 'add'] as const)(
    'refuses to %s a file that is a link, or in a folder that is one',
    (operation) => {
      const first = host();
      writeFileSync(join(first.root, 'shadow'), 'root:x\n');
      symlinkSync(join(first.root, 'shadow'), first.file);
      expect(codeOf(first.run({ ...add, operation }))).toBe('unsafe-path');
      expect(readFileSync(join(first.root, 'shadow'), 'utf8')).toBe('root:x\n');

      const second = host();
      rmSync(second.folder, { recursive: true });
      mkdirSync(join(second.root, 'etc'));
      symlinkSync(join(second.root, 'etc'), second.folder);
      expect(codeOf(second.run({ ...add, operation }))).toBe('unsafe-path');
      expect(readdirSync(join(second.root, 'etc'))).toEqual([]);
    },
  );

  test('refuses a folder that others may write', () => {
    const { folder, run } = host();
    chmodSync(folder, 0o777);
    expect(codeOf(run(add))).toBe('unsafe-path');
  });

  test.skipIf(!isRoot)('refuses a folder that is neither of the user nor of root', () => {
    const { folder, run } = host();
    chownSync(folder, 1234, 1234);
    expect(codeOf(run(add))).toBe('unsafe-path');
  });

  test('refuses a file that is none', () => {
    const { file, run } = host();
    mkdirSync(file);
    expect(codeOf(run(add))).toBe('unsafe-path');
  });

  // Root may write everywhere, and only root becomes somebody else.
  test.skipIf(!isRoot)('works as the user whose folder it is, and tells where that one may not write', () => {
    const { root, folder, file, run } = host({ user: 'nobody' });
    for (const one of [root, join(root, 'home'), join(root, 'home/deploy')]) chmodSync(one, 0o755);
    chownSync(folder, 65534, 65534);

    expect(codeOf(run(add))).not.toBeTypeOf('string');
    expect(statSync(file)).toMatchObject({ uid: 65534, gid: 65534 });
    const before = readFileSync(file, 'utf8');
    chmodSync(folder, 0o500);
    expect(codeOf(run({ ...add, key: other, mark: mark(2) }))).toBe('cannot-write');
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test.skipIf(!isRoot)('in a folder of root, the user may read what root wrote', () => {
    const { folder, file, run } = host({ user: 'nobody' });
    chmodSync(folder, 0o755);

    run(add);

    expect(statSync(file).mode & 0o777).toBe(0o644);
  });

  test('does nothing that comes too late', () => {
    const { file, run } = host();
    expect(codeOf(run({ ...add, before: 1000, now: 1001 }))).toBe('too-late');
    expect(existsSync(file)).toBe(false);
    expect(codeOf(run({ ...add, before: 1000, now: 1000 }))).not.toBeTypeOf('string');
  });

  test('takes over the lock of a script that was killed, where there is no flock', () => {
    const { folder, run } = host({ lacks: ['flock'] });
    const lock = join(folder, '.authorized_keys.keyturn-lock.d');
    mkdirSync(lock);
    utimesSync(lock, 1, 1);

    expect(codeOf(run(add))).not.toBeTypeOf('string');
    expect(existsSync(lock)).toBe(false);
  });

  test('tells of its sshd: port and host keys', () => {
    const { root, run } = host();
    mkdirSync(join(root, 'etc/ssh'), { recursive: true });
    writeFileSync(join(root, 'etc/ssh/sshd_config'), '#Port 1\nPort 2222\nPort 22\n');
    writeFileSync(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'ssh-ed25519 AAAAhost root@host\n');
    writeFileSync(join(root, 'etc/ssh/ssh_host_rsa_key.pub'), 'ssh-rsa AAAArsa root@host\n');

    expect(codeOf(run({ operation: 'list' }))).toMatchObject({
      port: 2222,
      hostKeys: ['ssh-ed25519 AAAAhost', 'ssh-rsa AAAArsa'],
    });
  });

  test('ends with a code of its own where it refuses', () => {
    const { file, run } = host();
    expect(run(add).status).toBe(0);
    expect(run({ ...add, operation: 'disable' }).status).toBe(68);
    writeFileSync(file, '# END keyturn test/hosts/web\n');
    expect(run({ operation: 'list' }).status).toBe(68);
    expect(host({ user: 'nobody-here' }).run(add).status).toBe(64);
  });
});
