import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { loopbackServer } from '@keyturn/http/loopback-server';
import { webhook } from '@keyturn/notifier/send-webhook';
import type { Delivery } from '@keyturn/notifier/webhook';
import { hidden } from '@keyturn/rotation/hidden';
import { describe, expect, onTestFinished, test } from 'vitest';

import { root } from './source-files.ts';

const key = 'a signing key, äöü, 0123456789';
const now = 1_800_000_000_000;
const docs = readFileSync(join(root, 'docs/notifications.md'), 'utf8');

/** The snippet of docs/notifications.md, and a program around it that answers a list of questions: one process, because a start takes its time. */
const receivers = [
  {
    language: 'js',
    file: 'receiver.mjs',
    run: process.execPath,
    ask: `
import { readFileSync } from 'node:fs';
const asked = JSON.parse(readFileSync(0, 'utf8'));
const answers = asked.map(({ key, signature, body, now }) => isFromKeyturn(key, signature, Buffer.from(body), now));
process.stdout.write(JSON.stringify(answers));`,
  },
  {
    language: 'python',
    file: 'receiver.py',
    run: 'python3',
    ask: `
import json, sys
asked = json.load(sys.stdin)
print(json.dumps([is_from_keyturn(q["key"], q["signature"], q["body"].encode(), q["now"]) for q in asked]))`,
  },
] as const;

const has = (command: string) => spawnSync(command, ['--version']).status === 0;

describe.each(receivers)('the receiver in $language', ({ language, file, run, ask }) => {
  // Seen as skipped where there is no Python.
  test.skipIf(!has(run))(
    'knows what Keyturn sent, and nothing else',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'keyturn-receiver-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const program = join(folder, file);
      const snippet = docs.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? '';
      writeFileSync(program, `${snippet}\n${ask}\n`);
      const { body, signature } = await sent();
      const question = { key, signature, body, now: now / 1000 };
      const good = [{}, { now: now / 1000 + 240 }];
      const bad = [
        { body: `${body} ` },
        { key: 'another signing key' },
        { now: now / 1000 + 301 },
        { now: now / 1000 - 301 },
        { signature: signature.replace('t=1', 't=2') },
        { signature: signature.slice(0, -1) },
        { signature: `${signature.slice(0, -2)}äé` },
        { signature: 'nonsense' },
        { signature: '' },
      ];

      const answers = await answersOf(
        run,
        program,
        [...good, ...bad].map((change) => Object.assign({}, question, change)),
      );

      expect(answers).toEqual([...good.map(() => true), ...bad.map(() => false)]);
      expect(snippet.trim().split('\n').length).toBeLessThan(16);
    },
    60_000,
  );
});

async function sent(): Promise<{ body: string; signature: string }> {
  const server = await loopbackServer(() => ({ status: 204 }));
  onTestFinished(() => server.close());
  const allowHttp = ['127.0.0.1'];
  const hook = webhook({
    id: 'audit',
    config: { url: server.url, secret: 'keyturn/signature', format: 'keyturn', allowHttp },
    secrets: { value: async () => ({ versionId: 'v1', text: hidden(key), createdAt: 0 }) },
    http: { clock: { now: () => now, sleep: async () => {} }, random: () => 0, allowHttp },
  });
  const link = { label: 'About', url: 'https://runbooks.example.com' };
  const delivery: Delivery = {
    id: 'd1',
    type: 'SecretRotated',
    kind: 'news',
    notice: { tone: 'good', headline: 'Schlüssel <erneuert> “ok”', lines: [], facts: [], link },
    owner: 'payments',
    environment: 'prod',
    correlationId: 'c',
    secret: null,
  };
  await hook.send(delivery);
  const [received] = server.received;
  return { body: received?.body ?? '', signature: String(received?.headers['x-keyturn-signature']) };
}

async function answersOf(run: string, program: string, questions: readonly object[]): Promise<unknown> {
  const child = spawn(run, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(questions));
  return JSON.parse(await text(child.stdout)) as unknown;
}
