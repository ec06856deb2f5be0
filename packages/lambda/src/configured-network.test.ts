import { inspect } from 'node:util';

import { network as schema } from '@keyturn/config/network-config';
import { loopbackProxy } from '@keyturn/http/loopback-proxy';
import { loopbackServer } from '@keyturn/http/loopback-server';
import { loopbackTls } from '@keyturn/http/loopback-tls';
import { authorityCertificate } from '@keyturn/http/private-authority';
import { send } from '@keyturn/http/send';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import { configuredNetwork } from './configured-network.ts';

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

/** A secret that holds these texts, one after the other, and what reaches an inside host with it. */
async function setUp(...texts: (string | Error | undefined)[]) {
  const server = await loopbackServer(() => ({ status: 200 }));
  const tls = await loopbackTls(server.url);
  const proxy = await loopbackProxy({ hosts: { 'apigee.corp.internal:443': tls.url } });
  onTestFinished(() => Promise.all([proxy.close(), tls.close(), server.close()]).then(() => undefined));
  const asked: string[] = [];
  const value = async (name: string) => {
    const text = texts[Math.min(asked.push(name), texts.length) - 1];
    if (text instanceof Error) throw text;
    return text === undefined ? undefined : { versionId: 'v1', text: hidden(text), createdAt: 0 };
  };
  const config = schema.parse({ proxy: proxy.url, proxySecret: 'keyturn/proxy', caBundle: authorityCertificate });
  const network = configuredNetwork(config, { secrets: { value }, field: 'network' });
  const call = () =>
    send(
      {
        operation: 'read',
        method: 'GET',
        baseUrl: 'https://apigee.corp.internal',
        path: '/',
        idempotent: true,
        freshConnection: true,
      },
      { clock: { now: () => 0, sleep: () => Promise.resolve() }, random: () => 0, allowHttp: [], network, retries: 0 },
    );
  return { proxy, asked, call };
}

test('reads the credentials of the proxy once, and again after the proxy refused them', async () => {
  const { proxy, asked, call } = await setUp(
    '{"username":"keyturn","password":"old"}',
    '{"username":"keyturn","password":"gr\u00fcn:1"}',
  );
  proxy.manners.credentials = basic('keyturn:old');

  await call();
  await call();
  proxy.manners.credentials = basic('keyturn:gr\u00fcn:1');
  await call();
  await call();

  expect(asked).toEqual(['keyturn/proxy', 'keyturn/proxy']);
  expect(proxy.asked.map(({ authorization }) => authorization)).toEqual([
    ...Array.from({ length: 3 }, () => basic('keyturn:old')),
    ...Array.from({ length: 2 }, () => basic('keyturn:gr\u00fcn:1')),
  ]);
});

test.each([
  ['nothing', undefined, 'secret-missing'],
  ['no JSON', 'canary-4711', 'misconfigured'],
  ['something else', '{"user":"canary-4711"}', 'misconfigured'],
  ['a name that would end early', '{"username":"canary:4711","password":"canary-4711"}', 'misconfigured'],
])('a secret that holds %s is told by its field and not quoted', async (_, text, reason) => {
  const { proxy, call } = await setUp(text);

  const error: unknown = await call().catch((error: unknown) => error);

  expect(error).toMatchObject({ name: 'PermanentError', reason, field: 'network.proxySecret' });
  expect(inspect(error, { depth: Infinity, showHidden: true })).not.toMatch(/canary|4711/);
  expect(proxy.asked).toEqual([]);
});

test('a secret that is not there is told by its field', async () => {
  const { call } = await setUp(
    new PermanentError('secret-missing', 'ResourceNotFoundException', { field: 'SecretId' }),
  );

  await expect(call()).rejects.toMatchObject({ reason: 'secret-missing', field: 'network.proxySecret' });
});

test('a secret that could not be read is read by the next call', async () => {
  const { call } = await setUp(new TransientError('busy'), '{"username":"keyturn","password":"p"}');

  await expect(call()).rejects.toThrow('read at apigee.corp.internal: busy');

  await expect(call()).resolves.toMatchObject({ status: 200 });
});
