import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { systemRandomBytes } from '@keyturn/lambda/system-random';
import { parseYaml } from '@keyturn/local-aws/serverless-variables';
import type { Credential } from '@keyturn/rotation/credential';
import { newKeyPair } from '@keyturn/ssh-adapter/key-pair';
import { sshServer } from '@keyturn/ssh-simulator/ssh-server';
import { build, type BuildOptions } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';

import { root } from './source-files.ts';

const execFileAsync = promisify(execFile);

// In a process of its own: vitest gives a module more than Node does.
const logInOnce = `
  import { json } from 'node:stream/consumers';
  const { door, privateKey } = await json(process.stdin);
  const said = await import(process.argv[1])
    .then(({ sshLogin }) => sshLogin(door, { reveal: () => privateKey }))
    .catch(String);
  process.stdout.write(said);`;

type Esbuild = BuildOptions & { readonly exclude: string[]; readonly outputFileExtension: string };

// ssh2 is CommonJS, with a native part that is optional and WebAssembly in its place.
test('what is deployed logs in: ssh2 bears being bundled', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { custom } = parseYaml(join(root, 'serverless.yml')) as { custom: { esbuild: Esbuild } };
  const { exclude, outputFileExtension, ...options } = custom.esbuild;
  const key = newKeyPair('', systemRandomBytes);
  const server = await sshServer({ user: 'deploy', accepts: (publicKey) => publicKey === key.keyId.reveal() });
  onTestFinished(() => server.close());

  const outfile = join(folder, `ssh-login${outputFileExtension}`);
  const entry = join(root, 'services/ssh-adapter/src/ssh-login.ts');
  await build({ ...options, entryPoints: [entry], external: exclude, outfile, logLevel: 'error' });
  const logIn = ({ secret }: Credential) => {
    const door = { address: '127.0.0.1', port: server.port, user: 'deploy', hostKeys: [server.hostKey] };
    const child = execFileAsync(process.execPath, ['--input-type=module', '-e', logInOnce, outfile]);
    child.child.stdin?.end(JSON.stringify({ door, privateKey: secret.reveal() }));
    return child;
  };

  expect(await logIn(key)).toEqual({ stdout: 'accepted', stderr: '' });
  expect(await logIn(newKeyPair('', systemRandomBytes))).toEqual({ stdout: 'refused', stderr: '' });
});
