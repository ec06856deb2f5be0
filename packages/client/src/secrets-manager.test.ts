import { expect, test } from 'vitest';

import { createSecrets } from './create-secrets.ts';
import { fakeRuntime } from './fake-runtime.ts';
import { secretsManager, type SecretsManagerOptions } from './secrets-manager.ts';
import { fakeSource } from './testing.ts';

/** The secret of the Python package's README, and an environment of its own. */
function setUp(environment: Record<string, string> = {}) {
  const source = fakeSource({ MySecret: { FOO: 'bar', TEST: 'me' } });
  const secrets = createSecrets({ source, runtime: fakeRuntime() });
  const env: Record<string, string | undefined> = { ...environment };
  const open = (options: SecretsManagerOptions = {}) => secretsManager({ secrets, env, ...options });
  return { source, env, open };
}

/** The event of the package's README, word for word. */
const event = {
  version: '0',
  id: 'f5d47c23-2f37-7632-254a-734323ff5208',
  'detail-type': 'Secret Rotation',
  source: 'secretsmanager',
  account: '012345678901',
  time: '2018-02-25T22:58:07Z',
  region: 'ap-southeast-2',
  detail: { secretId: 'MySecret' },
};

test('the name can be given', async () => {
  const { open } = setUp();

  expect(await open({ name: 'MySecret' }).item('FOO')).toBe('bar');
});

test('without a name, it is looked up in the environment variable SECRET', async () => {
  const { open } = setUp({ SECRET: 'MySecret' });

  expect(await open().item('FOO')).toBe('bar');
});

test('the environment variable can be another one', async () => {
  const { open } = setUp({ MY_SECRET_KEY: 'MySecret' });

  expect(await open({ secretsKey: 'MY_SECRET_KEY' }).item('FOO')).toBe('bar');
});

test('without a name anywhere it says so at once', () => {
  const { open } = setUp();

  expect(() => open()).toThrow('none in SECRET');
});

test('each key of the value can be had as an item', async () => {
  const secret = setUp().open({ name: 'MySecret' });

  expect([await secret.item('FOO'), await secret.item('TEST'), await secret.item('NONE')]).toEqual([
    'bar',
    'me',
    undefined,
  ]);
});

test('environment variables are made for each key, where that is asked for', async () => {
  const { env, open } = setUp();

  await open({ name: 'MySecret' }).load();
  expect(env).toEqual({});
  await open({ name: 'MySecret', injectEnv: true }).load();

  expect(env).toEqual({ FOO: 'bar', TEST: 'me' });
});

test('a handler is wrapped: a rotation event updates the secret and its variables, and does not invoke it', async () => {
  const { source, env, open } = setUp();
  const secret = open({ name: 'MySecret', injectEnv: true });
  const seen: unknown[] = [];
  const handler = secret.wrap(async (given: unknown, _context: object) => {
    seen.push(given);
    return secret.item('FOO');
  });
  expect(await handler({}, {})).toBe('bar');
  source.rotate('MySecret', { FOO: 'baz', TEST: 'me' });

  await handler(event, {});

  expect(env).toEqual({ FOO: 'baz', TEST: 'me' });
  expect(seen).toEqual([{}]);
  expect(await handler({}, {})).toBe('baz');
});

test('the event of another secret is an event for the handler', async () => {
  const { open } = setUp();
  const handler = open({ name: 'MySecret' }).wrap(async (given: unknown, _context: object) => given);
  const other = { ...event, detail: { secretId: 'Other' } };

  expect(await handler(other, {})).toBe(other);
});

test('source, detail-type and the key in the detail can be others, and the default ones are the handler’s then', async () => {
  const { source, open } = setUp();
  const secret = open({
    name: 'MySecret',
    rotationSource: 'acme',
    rotationDetailType: 'Turned',
    rotationDetailKey: 'name',
  });
  const handler = secret.wrap(async (given: unknown, _context: object) => given);
  await handler({}, {});

  await handler({ source: 'acme', 'detail-type': 'Turned', detail: { name: 'MySecret' } }, {});

  expect(source.calls).toHaveLength(2);
  expect(await handler(event, {})).toBe(event);
});

test('a method is decorated in the same way', async () => {
  const secret = setUp().open({ name: 'MySecret' });
  // What `@secret.wrap` compiles to.
  class Orders {
    readonly name = 'orders';
    readonly handler = secret.wrap(async (_event: unknown, _context: object) => [this.name, await secret.item('FOO')]);
  }

  expect(await new Orders().handler({}, {})).toEqual(['orders', 'bar']);
  expect(await new Orders().handler(event, {})).toEqual({ secretId: 'MySecret' });
});
