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

/** The snippet of docs/notifications.md, and how a program around it asks: what comes in on standard input is the answer's question. */
const receivers = [
  {
    language: 'js',
    file: 'receiver.mjs',
    run: process.execPath,
    ask: `
import { readFileSync } from 'node:fs';
const { key, signature, body, now } = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(String(isFromKeyturn(key, signature, Buffer.from(body), now)));`,
  },
  {
    language: 'python',
    file: 'receiver.py',
    run: 'python3',
    ask: `
import json, sys
asked = json.load(sys.stdin)
print(str(is_from_keyturn(asked["key"], asked["signature"], asked["body"].encode(), asked["now"])).lower(), end="")`,
  },
] as const;

const has = (command: string) => spawnSync(command, ['--version']).status === 0;

describe.each(receivers)('the receiver in $language', ({ language, file, run, ask }) => {
  // Seen as skipped where there is no Python.
  test.skipIf(!has(run))('knows what Keyturn sent, and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyturn-receiver-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const program = join(folder, file);
    const snippet = docs.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? '';
    writeFileSync(program, `${snippet}\n${ask}\n`);
    const { body, signature } = await sent();
    const question = { key, signature, body, now: now / 1000 };
    const asked = (change: object) => answerOf(run, program, { ...question, ...change });

    expect(snippet.trim().split('\n').length).toBeLessThan(16);
    expect(await asked({})).toBe('true');
    expect(await asked({ now: now / 1000 + 240 })).toBe('true');
    expect(await asked({ body: `${body} ` })).toBe('false');
    expect(await asked({ key: 'another signing key' })).toBe('false');
    expect(await asked({ now: now / 1000 + 301 })).toBe('false');
    expect(await asked({ now: now / 1000 - 301 })).toBe('false');
    expect(await asked({ signature: signature.replace('t=1', 't=2') })).toBe('false');
    expect(await asked({ signature: signature.slice(0, -1) })).toBe('false');
    expect(await asked({ signature: 'nonsense' })).toBe('false');
    expect(await asked({ signature: '' })).toBe('false');
    expect(await asked({ signature: `${signature.slice(0, -2)}äé` })).toBe('false');
  });
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

async function answerOf(run: string, program: string, question: object): Promise<string> {
  const child = spawn(run, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(question));
  return text(child.stdout);
}
