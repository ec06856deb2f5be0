import { inspect } from 'node:util';

import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import type { HttpOptions, HttpRequest } from './http-exchange.ts';
import { loopbackProxy } from './loopback-proxy.ts';
import { loopbackServer } from './loopback-server.ts';
import { loopbackTls } from './loopback-tls.ts';
import { networkAgents } from './network-agents.ts';
import { authorityCertificate } from './private-authority.ts';
import { send } from './send.ts';

const host = 'apigee.corp.internal';
const canary = `Basic ${Buffer.from('keyturn:canary-pass-77').toString('base64')}`;

type Wish = {
  readonly secure?: boolean;
  readonly caBundle?: string | undefined;
  readonly noProxy?: string[];
  readonly authorize?: (refused?: unknown) => Promise<ReturnType<typeof hidden>>;
  readonly retries?: number;
};

/** A company: a server with TLS by a private authority and one without, which nobody outside can resolve, and a proxy to both. */
async function company({ secure = false, noProxy = [], authorize, retries = 0, ...wish }: Wish = {}) {
  const server = await loopbackServer(() => ({ status: 200, body: '{"a":1}' }));
  const tls = await loopbackTls(server.url);
  const proxy = await loopbackProxy({
    hosts: { [`${host}:443`]: tls.url, 'gateway.corp.internal:8080': server.url },
    secure,
  });
  onTestFinished(() => Promise.all([proxy.close(), tls.close(), server.close()]).then(() => undefined));
  const network = networkAgents({
    caBundle: 'caBundle' in wish ? wish.caBundle : authorityCertificate,
    proxy: { url: new URL(proxy.url), noProxy, authorize, field: 'network' },
  });
  const slept: number[] = [];
  const options: HttpOptions = {
    clock: { now: () => 0, sleep: async (ms) => void slept.push(ms) },
    random: () => 0.5,
    allowHttp: ['gateway.corp.internal', '127.0.0.1'],
    timeoutMs: 2000,
    retries,
    network,
  };
  const at = new URL(proxy.url).host;
  return { server, tls, proxy, at, options, slept };
}

const request: HttpRequest = {
  operation: 'read the app',
  method: 'GET',
  baseUrl: `https://${host}/v1`,
  path: '/apps',
  query: { expand: 'true' },
  headers: { authorization: 'Bearer canary-token-12' },
  idempotent: true,
};

const failureOf = (call: Promise<unknown>): Promise<Error> =>
  call.then(
    () => {
      throw new Error('It went through');
    },
    (error: Error) => error,
  );

test.each([false, true])(
  'reaches by the proxy a host that nobody here can resolve (TLS to the proxy: %s)',
  async (secure) => {
    const { server, proxy, options } = await company({ secure });

    const answer = await send(request, options);

    expect(answer.text.reveal()).toBe('{"a":1}');
    expect(proxy.asked).toEqual([{ method: 'CONNECT', target: `${host}:443`, authorization: undefined }]);
    expect(server.received[0]).toMatchObject({ url: '/v1/apps?expand=true', headers: { host } });
  },
);

test('asks the proxy for the whole URL of a host that is allowed without TLS', async () => {
  const { server, proxy, options } = await company();

  const answer = await send({ ...request, baseUrl: 'http://gateway.corp.internal:8080' }, options);

  expect(answer.status).toBe(200);
  expect(proxy.asked).toMatchObject([{ method: 'GET', target: 'http://gateway.corp.internal:8080/apps?expand=true' }]);
  expect(server.received[0]).toMatchObject({
    url: '/apps?expand=true',
    headers: { host: 'gateway.corp.internal:8080', authorization: 'Bearer canary-token-12' },
  });
});

test('a host without TLS has to be allowed behind a proxy too', async () => {
  const { proxy, options } = await company();

  const failure = send({ ...request, baseUrl: 'http://other.corp.internal' }, options);

  await expect(failure).rejects.toMatchObject({ reason: 'misconfigured', field: 'url' });
  expect(proxy.asked).toEqual([]);
});

test('keeps a tunnel for the next call, and opens one of its own where it is asked to', async () => {
  const { tls, proxy, options } = await company();

  for (const freshConnection of [false, false, true, true, false]) await send({ ...request, freshConnection }, options);

  expect(tls.connections()).toBe(3);
  expect(proxy.asked).toHaveLength(3);
});

test.each([
  ['the very host', '127.0.0.1'],
  ['a domain', '.0.0.1'],
])('calls past the proxy what noProxy lists: %s', async (_, noProxy) => {
  const { server, proxy, options } = await company({ noProxy: [noProxy] });
  const direct = await loopbackTls(server.url);
  onTestFinished(() => direct.close());

  await send({ ...request, baseUrl: direct.url }, options);
  await send({ ...request, baseUrl: server.url }, options);

  expect(server.received).toHaveLength(2);
  expect(proxy.asked).toEqual([]);
});

test.each([
  [407, 'PermanentError', 'access-denied', 'network.proxySecret'],
  [403, 'PermanentError', 'misconfigured', 'network.proxy'],
  [404, 'PermanentError', 'misconfigured', 'network.proxy'],
  [302, 'PermanentError', 'misconfigured', 'network.proxy'],
  [502, 'TransientError', undefined, undefined],
  [503, 'TransientError', undefined, undefined],
  [429, 'TransientError', undefined, undefined],
])('a tunnel that is refused with %i is never an answer of the host', async (status, name, reason, field) => {
  const { proxy, at, options } = await company({ authorize: async () => hidden(canary) });
  proxy.manners.whim = status;

  const error = await failureOf(send(request, options));

  expect(error).toMatchObject({ name, ...(reason && { reason, field }) });
  expect(error.message).toBe(`read the app at ${host}: the proxy ${at} answers ${status}`);
});

test('a proxy that cannot reach the host is asked again', async () => {
  const { proxy, options, slept } = await company({ retries: 3 });
  proxy.manners.whim = 502;

  await failureOf(send(request, options));

  expect(proxy.asked).toHaveLength(4);
  expect(slept).toHaveLength(3);
});

test.each(['http', 'https'])('the time of a call covers a proxy that says nothing (%s)', async (scheme) => {
  const { proxy, at, options } = await company();
  proxy.manners.whim = 'hang';
  const target = scheme === 'http' ? 'gateway.corp.internal:8080' : host;

  const error = await failureOf(send({ ...request, baseUrl: `${scheme}://${target}` }, { ...options, timeoutMs: 60 }));

  expect(error.name).toBe('TransientError');
  expect(error.message).toBe(`read the app at ${target} through the proxy ${at}: no answer (ETIMEDOUT)`);
});

test('a tunnel that is cut is no answer', async () => {
  const { proxy, at, options } = await company();
  proxy.manners.whim = 'cut';

  const error = await failureOf(send(request, options));

  expect(error.name).toBe('TransientError');
  expect(error.message).toBe(`read the app at ${host}: the proxy ${at} gives no answer (ECONNRESET)`);
});

test.each(['http://gateway.corp.internal:8080', `https://${host}`])(
  'a proxy that nobody reaches is named: %s',
  async (baseUrl) => {
    const { proxy, at, options } = await company();
    await proxy.close();

    const error = await failureOf(send({ ...request, baseUrl }, options));

    expect(error.name).toBe('TransientError');
    expect(error.message).toContain(new URL(baseUrl).host);
    expect(error.message).toContain(at);
    expect(error.message).toContain('(ECONNREFUSED)');
  },
);

test('without the bundle the host is not trusted, with it Node’s own certificates still are', async () => {
  const { at, options } = await company({ caBundle: undefined });

  const error = await failureOf(send(request, options));

  expect(error).toMatchObject({ name: 'PermanentError', reason: 'misconfigured', field: 'url' });
  expect(error.message).toMatch(
    `read the app at ${host} through the proxy ${at}: the certificate is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
  );
});

test('without the bundle a proxy with TLS is not trusted', async () => {
  const { proxy, options } = await company({ secure: true, caBundle: undefined });

  const error = await failureOf(send(request, options));

  expect(error).toMatchObject({ reason: 'misconfigured', field: 'network.caBundle' });
  expect(proxy.asked).toEqual([]);
});

test('a certificate that is for another host is not trusted', async () => {
  const { tls, options } = await company();
  const proxy = await loopbackProxy({ hosts: { 'apigee.example.com:443': tls.url } });
  onTestFinished(() => proxy.close());
  const network = networkAgents({
    caBundle: authorityCertificate,
    proxy: { url: new URL(proxy.url), noProxy: [], field: 'network' },
  });

  const error = await failureOf(send({ ...request, baseUrl: 'https://apigee.example.com' }, { ...options, network }));

  expect(error.message).toContain('(ERR_TLS_CERT_ALTNAME_INVALID)');
});

test.each([`https://${host}`, 'http://gateway.corp.internal:8080'])(
  'gives the proxy its credentials and the host none of them, and reads them again where they are refused: %s',
  async (baseUrl) => {
    const given: unknown[] = [];
    const { server, proxy, options } = await company({
      authorize: async (refused) => {
        given.push(refused);
        return hidden(refused === undefined ? 'Basic b2xkOm9sZA==' : canary);
      },
    });
    proxy.manners.credentials = canary;

    await send({ ...request, baseUrl }, options);

    expect(proxy.asked.map(({ authorization }) => authorization)).toEqual(['Basic b2xkOm9sZA==', canary]);
    expect(given).toEqual([undefined, expect.anything()]);
    expect(server.received[0]?.headers).not.toHaveProperty('proxy-authorization');
  },
);

test.each([`https://${host}`, 'http://gateway.corp.internal:8080'])(
  'credentials that stay the same are tried once: %s',
  async (baseUrl) => {
    const { proxy, options } = await company({ authorize: async () => hidden(canary), retries: 3 });
    proxy.manners.whim = 407;

    const error = await failureOf(send({ ...request, baseUrl }, options));

    expect(error).toMatchObject({ reason: 'access-denied', field: 'network.proxySecret' });
    expect(proxy.asked).toHaveLength(1);
  },
);

test.each<number | 'hang' | 'cut'>([407, 403, 502, 'hang', 'cut'])(
  'shows no header of ours after %j, whatever the proxy echoes',
  async (whim) => {
    const { proxy, options } = await company({ authorize: async () => hidden(canary) });
    proxy.manners.whim = whim;

    for (const baseUrl of [`https://${host}`, 'http://gateway.corp.internal:8080']) {
      // Without TLS a proxy's refusal but 407 is the host's answer, for all that anybody can tell.
      const outcome: unknown = await send({ ...request, baseUrl }, { ...options, timeoutMs: 60 }).catch(
        (error: unknown) => error,
      );
      const printed = [
        inspect(outcome, { depth: Infinity, showHidden: true, getters: true }),
        JSON.stringify(outcome),
        String(outcome),
      ].join();

      expect(proxy.asked.at(-1)?.authorization).toBe(canary);
      for (const secret of [canary, canary.slice(6), 'canary-pass', 'canary-token'])
        expect(printed).not.toContain(secret);
    }
  },
);
