import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { testAdapterFunctions } from '@keyturn/credential-provider/adapter-functions.conformance';
import { testCredentialProvider } from '@keyturn/credential-provider/conformance';
import { afterAll, expect, test } from 'vitest';

import { adapter } from '../examples/typescript-adapter/adapter.ts';
import { admin, clientsOf, exampleApi, exampleFixture, type Functions } from './keys-api-fixture.ts';
import { root } from './source-files.ts';

const example = await exampleApi();
const { api, clock } = example;
afterAll(() => api.close());

const mark = `keyturn/v1/111122223333/eu-west-1/test/${'0'.repeat(32)}/v1`;

function testExample(name: string, functions: Functions | undefined): void {
  if (functions === undefined) return;
  testCredentialProvider(name, exampleFixture(example, functions));
  test.each(['.', '..'])(`${name}: a key id that leads elsewhere is sent nowhere: %s`, async (keyId) => {
    const written: string[] = [];
    api.door.interfere = (method) => {
      if (method !== 'GET') written.push(method);
      return 'serve';
    };
    const { target } = clientsOf(api);
    const wish = { target, credential: { keyId, secret: 's' }, entitlements: ['read'], mark, approve: true };

    const answer = await functions.issue({ version: 1, operation: 'ensure', like: null, ...wish });
    api.door.interfere = () => 'serve';

    expect(answer).toMatchObject({ ok: false, error: { kind: 'permanent', reason: 'misconfigured' } });
    expect(written).toEqual([]);
  });
  testAdapterFunctions(name, async () => ({ ...functions, ...clientsOf(api), close: async () => undefined }));
}

const http = { clock, random: () => 0, allowHttp: ['127.0.0.1'], timeoutMs: 5000, retries: 0 };
testExample(
  'the example in TypeScript',
  adapter({ url: api.url, admin: async () => admin, newText: () => crypto.randomUUID(), http }),
);

test('an adapter in TypeScript takes less than 100 lines', () => {
  const lines = readFileSync(join(root, 'examples/typescript-adapter/adapter.ts'), 'utf8').split('\n');

  expect(lines.length).toBeLessThan(100);
});

const python = pythonVersion();
test.skipIf(python === undefined)('a python3 of 3.9 or newer is here to run the example in Python', () => {
  expect(python).toMatch(/^3\./);
});
testExample(`the example in Python ${python ?? '(not here)'}`, python === undefined ? undefined : pythonFunctions());

function pythonVersion(): string | undefined {
  try {
    const version = execFileSync('python3', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [, minor = '0'] = /^Python 3\.(\d+)/.exec(version) ?? [];
    return Number(minor) >= 9 ? version.trim().replace('Python ', '') : undefined;
  } catch {
    return undefined;
  }
}

/** The example as a process of its own, which gets the payloads of Lambda as lines. */
function pythonFunctions(): Functions {
  const file = join(root, 'examples/python-adapter/adapter.py');
  const env = { PATH: process.env['PATH'], KEYS_URL: api.url, KEYS_ADMIN: admin };
  const child = spawn('python3', ['-B', file], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout });
  const waiting: { answer: (line: string) => void; fail: (error: Error) => void }[] = [];
  answers.on('line', (line) => waiting.shift()?.answer(line));
  child.on('exit', () => waiting.splice(0).forEach(({ fail }) => fail(new Error('The adapter in Python has ended'))));
  afterAll(() => void child.stdin.end());
  const call = (name: string) => async (payload: unknown) => {
    const line = await new Promise<string>((answer, fail) => {
      waiting.push({ answer, fail });
      child.stdin.write(`${JSON.stringify({ function: name, payload })}\n`);
    });
    return JSON.parse(line) as unknown;
  };
  return { issue: call('issue'), retire: call('retire') };
}
