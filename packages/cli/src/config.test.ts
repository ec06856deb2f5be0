import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { runCommand } from './run-command.ts';

const example = new URL('../../../config/example.yaml', import.meta.url).pathname;

function written(change: (text: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'stage.yaml');
  writeFileSync(file, change(readFileSync(example, 'utf8')));
  return file;
}

async function keyturn(...words: string[]) {
  const lines: string[] = [];
  const answers: Readonly<Record<string, unknown>>[] = [];
  const console = {
    line: (text: string) => void lines.push(text),
    note: (text: string) => void lines.push(text),
    json: (answer: Readonly<Record<string, unknown>>) => void answers.push(answer),
  };
  const connect = () => {
    throw new Error('Nobody is to be asked');
  };
  const code = await runCommand(words, connect, console, {
    path: example,
    read: (path) => readFileSync(path, 'utf8'),
  });
  return { code, text: lines.join('\n'), answer: answers[0] };
}

test('a right configuration passes, and says for each policy what each reader takes of the grace', async () => {
  const { code, text } = await keyturn('config', 'check');

  expect(code).toBe(0);
  expect(text).toContain('stage prod, nothing wrong');
  expect(text).toContain(
    'policies.standard with apigee: grace 1d, reader aws-cache takes 2h 18m = 1h refresh of reader aws-cache + 1h stale-on-error',
  );
  expect(text).toMatch(/reader agent takes 23m/);
});

test('mistakes of all kinds are told at once, each by its field', async () => {
  const file = written((text) =>
    text
      .replace('stage: prod', 'stage: Prod\ncolour: red')
      .replace('window: 4h', 'window: 4 hours')
      .replace('grace: 3d', 'grace: 1h')
      .replace('url: partner', 'url: nowhere')
      .replace('logRetention: 90', 'logRetention: 91'),
  );

  const { code, answer } = await keyturn('config', 'check', file, '--json');

  expect(code).toBe(1);
  const { problems } = answer as { problems: { field: string }[] };
  const fields = problems.map(({ field }) => field);
  expect(fields.toSorted()).toEqual(
    [
      'colour',
      'stage',
      'policies.standard.window',
      'deployment.logRetention',
      'policies.slow-readers.grace',
      'providers.apigee.probes.1.url',
    ].toSorted(),
  );
});

test.each([
  ['agent: { refresh: 5m }', 'agent: { refresh: often }', 'readers.agent.refresh'],
  ['format: teams', 'format: team', 'notifications.webhooks.partners-teams.format'],
])('what refers to something wrong is not told to be missing: %s', async (right, wrong, field) => {
  const file = written((text) => text.replace(right, wrong));

  const { text } = await keyturn('config', 'check', file);

  expect(text).toContain(`1 mistake\n  ${field}: `);
});

test('a value never stands in the answer', async () => {
  const file = written((text) => text.replace('tokenSecret: keyturn/prod/slack-bot', 'tokenSecret: xoxb-canary-4711'));

  expect((await keyturn('config', 'check', file)).text).not.toContain('canary');
});

test.each([
  ['no verb', ['config']],
  ['another verb', ['config', 'chekc']],
  ['two files', ['config', 'check', 'a', 'b']],
  ['a file that is not there', ['config', 'check', '/nonexistent.yaml']],
])('a wrong call, %s, ends with 2', async (_, words) => {
  expect((await keyturn(...words)).code).toBe(2);
});

test('helps', async () => {
  const { code, text } = await keyturn('config', '--help');

  expect(code).toBe(0);
  expect(text).toContain('keyturn config check [FILE]');
});
