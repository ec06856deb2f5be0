import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { awsClients } from '@keyturn/aws/clients';
import { lambdaInvoke } from '@keyturn/aws/lambda-invoke';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';

import { bundleCli } from '../infra/release-cli.ts';
import { root } from './source-files.ts';

const command = z.object({ how: z.string().default('once'), text: z.string() });
/** The page's own commands, in their order. `until-retired`: what a person repeats until the word is there. */
const commands = [
  ...readFileSync(join(root, 'docs/for-app-owners.md'), 'utf8').matchAll(
    /^```sh(?: (?<how>\S+))?\n(?<text>[\s\S]*?)^```$/gm,
  ),
].map(({ groups }) => command.parse(groups));

const serving = z.object({
  secret: z.string(),
  apigee: z.object({
    management: z.string(),
    gateway: z.string(),
    accessToken: z.string(),
    app: z.object({ developer: z.string(), app: z.string() }),
    paths: z.array(z.string()),
  }),
});
const keysOf = z.object({ credentials: z.array(z.object({ consumerKey: z.string() })) });

const folder = mkdtempSync(join(tmpdir(), 'keyturn-owner-'));
const environmentFile = join(folder, 'sandbox.env');
const cli = join(folder, 'keyturn.mjs');
const sandbox = spawn(process.execPath, [join(root, 'sandbox/demo/src/serve.ts'), '--bare', '--env', environmentFile], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let at: z.output<typeof serving>;

beforeAll(async () => {
  const [line] = (await once(createInterface(sandbox.stdout), 'line')) as [string];
  at = serving.parse(JSON.parse(line));
  await bundleCli(cli);
}, 60_000);

afterAll(async () => {
  sandbox.kill('SIGINT');
  if (sandbox.exitCode === null) await once(sandbox, 'exit');
  rmSync(folder, { recursive: true });
}, 30_000);

/** As a person types it, in a shell with the environment of the sandbox and the one file of the command line. */
async function type(text: string): Promise<string> {
  const script = `. '${environmentFile}'\nkeyturn() { '${process.execPath}' '${cli}' "$@"; }\n${text}`;
  const { stdout } = await promisify(execFile)('sh', ['-ec', script], { cwd: folder });
  return stdout;
}

async function keysAtApigee(): Promise<readonly string[]> {
  const { management, accessToken, app } = at.apigee;
  const path = `developers/${encodeURIComponent(app.developer)}/apps/${app.app}`;
  const answer = await fetch(`${management}/organizations/acme/${path}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return keysOf.parse(await answer.json()).credentials.map(({ consumerKey }) => consumerKey);
}

async function statusesWith(key: string): Promise<readonly number[]> {
  const calls = at.apigee.paths.map((path) => fetch(at.apigee.gateway + path, { headers: { 'x-apikey': key } }));
  return (await Promise.all(calls)).map(({ status }) => status);
}

test('an owner who follows the page sees the hand-made key retired, and the application served throughout', async () => {
  const [handMade = ''] = await keysAtApigee();
  const [setup, look, adopt, adopted, rotate, rotated, wait, ...others] = commands;
  expect(await statusesWith(handMade)).toEqual([200, 200]);
  expect(setup!.how).toBe('setup');
  expect(others).toEqual([]);

  expect(await type(look!.text)).toContain('Nothing was changed.');
  expect(await keysAtApigee()).toEqual([handMade]);

  expect(await type(adopt!.text)).toContain('Done.');
  expect(await type(adopted!.text)).toContain('1 managed secret, 0 with problems.');
  expect(await statusesWith(handMade)).toEqual([200, 200]);

  expect(await type(rotate!.text)).toContain('Done: the new key is current.');
  expect(await type(rotated!.text)).toContain('retiring');
  expect(await statusesWith(handMade)).toEqual([200, 200]);

  expect(wait!.how).toBe('until-retired');
  await expect.poll(() => type(wait!.text), { timeout: 60_000, interval: 500 }).toContain('retired');
  const [left = '', ...more] = await keysAtApigee();
  expect(more).toEqual([]);
  expect(left).not.toBe(handMade);
  expect(await statusesWith(left)).toEqual([200, 200]);
  expect(await statusesWith(handMade)).toEqual([401, 401]);
}, 120_000);

test('the watchdog, as it is deployed there, finds all well', async () => {
  const [, endpoint = ''] = /AWS_ENDPOINT_URL='(.+)'/.exec(readFileSync(environmentFile, 'utf8')) ?? [];
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const invoke = lambdaInvoke(awsClients({ endpoint, region: 'eu-central-1', credentials }).lambda());

  const run = await invoke('keyturn-sandbox-watchdog', {});

  expect(run).toMatchObject({ watched: 1, left: 0, overdue: 0, unowned: 0, failures: 0 });
});
