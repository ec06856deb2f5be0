import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, onTestFinished, test } from 'vitest';

import { loopbackProxy } from './loopback-proxy.ts';
import { loopbackServer } from './loopback-server.ts';
import { loopbackTls } from './loopback-tls.ts';
import { authorityCertificate } from './private-authority.ts';

const script = `
  import { networkAgents } from './network-agents.ts';
  import { send } from './send.ts';
  const { url, proxy, caBundle } = JSON.parse(process.argv[1]);
  const network = networkAgents({ caBundle, proxy: proxy && { url: new URL(proxy), noProxy: [], field: 'network' } });
  const options = { clock: { now: () => 0, sleep: async () => {} }, random: () => 0, allowHttp: ['127.0.0.1'], network, retries: 0 };
  const request = { operation: 'read', method: 'GET', baseUrl: url, path: '/', idempotent: true };
  const outcomes = [];
  for (const freshConnection of [true, false])
    outcomes.push(await send({ ...request, freshConnection }, options).then(({ status }) => String(status), (error) => error.message));
  console.log(outcomes.join('\\n'));
  process.exit(0);`;

/** Some variables count when a process starts: what a call gives in a process of its own that has them. */
async function callIn(environment: Record<string, string>, call: object): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(call)], {
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'], ...environment },
  });
  return (await text(child.stdout)).trim().split('\n');
}

/** A server with TLS by an authority that nobody knows, and an environment that would have it trusted, and called by a proxy of its own. */
async function tempting() {
  const server = await loopbackServer(() => ({ status: 200 }));
  const tls = await loopbackTls(server.url);
  const elsewhere = await loopbackProxy({ hosts: {} });
  const proxy = await loopbackProxy({ hosts: { 'apigee.corp.internal:443': tls.url } });
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-authority-'));
  onTestFinished(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all([server, tls, elsewhere, proxy].map((one) => one.close()));
  });
  const bundle = join(folder, 'ca.pem');
  writeFileSync(bundle, authorityCertificate);
  const environment = {
    NODE_EXTRA_CA_CERTS: bundle,
    SSL_CERT_FILE: bundle,
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: elsewhere.url,
    HTTPS_PROXY: elsewhere.url,
    https_proxy: elsewhere.url,
    ALL_PROXY: elsewhere.url,
    NO_PROXY: 'apigee.corp.internal',
  };
  return { server, tls, proxy, elsewhere, environment };
}

test('no variable adds trust, takes checking away or brings a proxy in', async () => {
  const { server, tls, elsewhere, environment } = await tempting();

  const untrusted = await callIn(environment, { url: tls.url });
  const plain = await callIn(environment, { url: server.url });

  expect(untrusted.map((said) => said.includes('the certificate is not trusted'))).toEqual([true, true]);
  expect(plain).toEqual(['200', '200']);
  expect(elsewhere.asked).toEqual([]);
});

test('no variable replaces the proxy that is configured, or leads past it', async () => {
  const { proxy, elsewhere, environment } = await tempting();
  const call = { url: 'https://apigee.corp.internal', proxy: proxy.url };

  const trusted = await callIn(environment, { ...call, caBundle: authorityCertificate });
  const untrusted = await callIn(environment, call);

  expect(trusted).toEqual(['200', '200']);
  expect(untrusted.map((said) => said.includes('the certificate is not trusted'))).toEqual([true, true]);
  expect(proxy.asked).toHaveLength(4);
  expect(elsewhere.asked).toEqual([]);
});
