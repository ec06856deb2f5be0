import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { worlds } from './ports-plugin.ts';
import { root } from './source-files.ts';

/** A line that reaches the world, with a name of its own, and a file that may do so. */
type Plant = readonly [reach: string, line: (name: string) => string, owner: string];

const clock = 'packages/lambda/src/system-clock.ts';
const chance = 'packages/lambda/src/system-random.ts';
const http = 'packages/http/src/send.ts';
const log = 'packages/lambda/src/log.ts';
const files = 'packages/lambda/src/load-config.ts';
const main = 'packages/cli/src/main.ts';

const value = (expression: string) => (name: string) => `export const ${name} = ${expression};`;
const imported = (what: string, from: string) => (name: string) =>
  `import { ${what} as ${name} } from '${from}'; void ${name};`;

const plants: readonly Plant[] = [
  ['Date.now', value('Date.now()'), clock],
  ['Date.now, handed on', value('{ now: Date.now }'), clock],
  ['Date, by another name', value('Date'), clock],
  ['new Date()', value('new Date()'), clock],
  ['new Date', value('new Date'), clock],
  ['Date()', value('Date()'), clock],
  ['performance.now', value('performance.now()'), clock],
  ['node:perf_hooks', imported('performance', 'node:perf_hooks'), clock],
  ['setTimeout', value('setTimeout(() => {}, 1)'), clock],
  ['setInterval', value('setInterval(() => {}, 1)'), clock],
  ['setImmediate', value('setImmediate(() => {})'), clock],
  ['queueMicrotask', value('queueMicrotask(() => {})'), clock],
  ['AbortSignal.timeout', value('AbortSignal.timeout(1)'), clock],
  ['node:timers/promises', imported('setTimeout', 'node:timers/promises'), clock],
  ['node:timers', imported('setInterval', 'node:timers'), clock],
  ['Math.random', value('Math.random()'), chance],
  ['Math, by another name', value('Math'), chance],
  ['crypto.randomUUID', value('crypto.randomUUID()'), chance],
  ['crypto.getRandomValues', value('crypto.getRandomValues(new Uint8Array(1))'), chance],
  ...['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues', 'generateKeyPair', 'webcrypto'].map(
    (what): Plant => [what, imported(what, 'node:crypto'), chance],
  ),
  ['all of node:crypto', (name) => `import * as ${name} from 'node:crypto'; void ${name};`, chance],
  ['fetch', value("fetch('https://example.com')"), http],
  ['WebSocket', value("new WebSocket('wss://example.com')"), http],
  ...['node:http', 'node:https', 'node:net', 'node:tls', 'undici', 'axios'].map((from): Plant => [
    from,
    imported('request', from),
    http,
  ]),
  ['@aws-sdk', imported('SQSClient', '@aws-sdk/client-sqs'), 'packages/aws/src/clients.ts'],
  ['@smithy', imported('HttpRequest', '@smithy/protocol-http'), 'packages/aws/src/clients.ts'],
  ['Slack', imported('WebClient', '@slack/web-api'), 'services/notifier/src/slack-channel.ts'],
  ['Google', imported('JWT', 'google-auth-library'), 'services/apigee-adapter/src/access-token.ts'],
  ['Powertools', imported('Logger', '@aws-lambda-powertools/logger'), log],
  ['console', value("console.log('x')"), log],
  ['process.env', value("process.env['X']"), main],
  ['process.stdout', value("process.stdout.write('x')"), main],
  ['process.hrtime', value('process.hrtime.bigint()'), main],
  ['node:process', imported('env', 'node:process'), main],
  ['node:child_process', imported('spawn', 'node:child_process'), main],
  ['node:fs', imported('readFileSync', 'node:fs'), files],
  ['node:fs/promises, when needed', value("await import('node:fs/promises')"), files],
  ['node:fs, handed on', (name) => `export { readFileSync as ${name} } from 'node:fs';`, files],
  ['all of node:fs, handed on', () => `export * from 'node:fs';`, files],
];

/** They lead around the rule, so nobody may. */
const ways: readonly (readonly [string, string])[] = [
  ['globalThis', value("globalThis.fetch('https://example.com')")('x')],
  ['require', value("require('node:fs')")('x')],
  ['eval', value("eval('1')")('x')],
  ['createRequire', imported('createRequire', 'node:module')('x')],
];

const harmless = `
import { createHash } from 'node:crypto';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { type Agent } from 'node:https';

export const at = (ms: number): Date => new Date(ms);
export const day = Date.UTC(2026, 10, 27) + Date.parse('2026-11-27');
export const most = Math.max(1, Math.round(2.5));
export const hash = createHash('sha256');
export const isDate = (x: unknown): boolean => x instanceof Date;
export const tell = (console: { line(text: string): void }) => console.line('x');
export const wait = (setTimeout: (ms: number) => void) => setTimeout(1);
export type Client = SQSClient | Agent;
`;

type Complaint = { readonly file: string; readonly message: string };

/** What the linter says by the configuration that `pnpm verify` runs it with, of this rule only. */
function lint(sources: ReadonlyMap<string, string>): readonly Complaint[] {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-ports-'));
  try {
    for (const [path, text] of sources) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    cpSync(join(root, 'test/ports-plugin.ts'), join(folder, 'test/ports-plugin.ts'));
    const config = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')) as object;
    // Types take seconds, and this rule does not ask for them.
    writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify({ ...config, options: {} }));
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    const { stdout } = spawnSync(process.execPath, [oxlint, '--format', 'json'], { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: readonly { code: string; message: string; filename: string }[];
    };
    return diagnostics
      .filter(({ code }) => code === 'keyturn(ports)')
      .map(({ filename, message }) => ({ file: filename, message }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const useCase = (nth: number) => `services/planted-${nth}/src/verify-thing.ts`;
const way = (nth: number) => `packages/way-${nth}/src/thing.ts`;

const elsewhere = (nth: number) => `services/moved-${nth}/src/thing.ts`;
/** But for folders. */
const owners = worlds.flatMap(({ message, owners: paths }) =>
  paths.filter((path) => path.endsWith('.ts')).map((path) => ({ message, path })),
);

let complaints: readonly Complaint[] = [];
beforeAll(() => {
  const owned = Map.groupBy(plants.entries(), ([, [, , owner]]) => owner);
  complaints = lint(
    new Map([
      ...plants.map(([, line], nth): [string, string] => [useCase(nth), line('x')]),
      ...[...owned].map(([owner, lines]): [string, string] => [
        owner,
        lines.map(([nth, [, line]]) => line(`x${nth}`)).join('\n'),
      ]),
      ...ways.map(([, line], nth): [string, string] => [way(nth), line]),
      ...owners.map(({ path }, nth): [string, string] => [elsewhere(nth), readFileSync(join(root, path), 'utf8')]),
      ['packages/rotation/src/harmless.ts', harmless],
      ['services/planted/src/thing.test.ts', value('Date.now()')('x')],
      ['sandbox/planted/src/thing.ts', value('Date.now()')('x')],
    ]),
  );
});
const saidOf = (path: string) => complaints.filter(({ file }) => file === path).map(({ message }) => message);

describe('a use case does not reach the world but by a port', () => {
  test.each(plants.map(([reach], nth) => [reach, nth] as const))('%s is refused', (_reach, nth) => {
    expect(saidOf(useCase(nth))).toHaveLength(1);
  });

  test.each(ways.map(([reach], nth) => [reach, nth] as const))('%s is refused anywhere', (_reach, nth) => {
    expect(saidOf(way(nth))).toHaveLength(1);
  });

  test.each([...new Set(plants.map(([, , owner]) => owner))])('%s may, being where it is done', (owner) => {
    expect(saidOf(owner)).toEqual([]);
  });

  test.each([
    'packages/rotation/src/harmless.ts',
    'services/planted/src/thing.test.ts',
    'sandbox/planted/src/thing.ts',
  ])('nothing is said of %s', (path) => {
    expect(saidOf(path)).toEqual([]);
  });
});

test('whoever may reach the world needs to: elsewhere the same file is refused', () => {
  expect(owners.filter(({ message }, nth) => !saidOf(elsewhere(nth)).includes(message))).toEqual([]);
});
