import { gzipSync } from 'node:zlib';

import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { afterEach, expect, test, vi } from 'vitest';

import type { HttpOptions, HttpRequest } from './http-exchange.ts';
import { loopbackServer, type LoopbackServer, type Reply } from './loopback-server.ts';
import { send } from './send.ts';

const servers: LoopbackServer[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const now = Date.parse('2026-03-01T00:00:00Z');

/** Answers in the given order, the last one again and again. */
async function setUp(...replies: [Reply, ...Reply[]]) {
  const server = await loopbackServer((_, earlier) => replies[Math.min(earlier, replies.length - 1)]!);
  servers.push(server);
  const slept: number[] = [];
  const options: HttpOptions = {
    clock: {
      now: () => now,
      sleep: (ms) => {
        slept.push(ms);
        return Promise.resolve();
      },
    },
    random: () => 0.5,
    allowHttp: ['127.0.0.1'],
    timeoutMs: 300,
  };
  const request: HttpRequest = {
    operation: 'read the thing',
    method: 'GET',
    baseUrl: `${server.url}/v1`,
    path: '/things/a%2Fb',
    idempotent: true,
  };
  return { server, options, request, slept };
}

const ok: Reply = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"a":1}' };

test('sends method, path, query, headers and JSON as they were given', async () => {
  const { server, options, request } = await setUp(ok);

  const answer = await send(
    {
      ...request,
      method: 'PUT',
      query: { filter: 'a=b c&d' },
      headers: { authorization: 'Bearer t' },
      body: { json: { a: [1] } },
    },
    options,
  );

  expect(answer).toMatchObject({ status: 200, contentType: 'application/json' });
  expect(answer.text.reveal()).toBe('{"a":1}');
  const [sent] = server.received;
  expect(sent).toMatchObject({ method: 'PUT', url: '/v1/things/a%2Fb?filter=a%3Db+c%26d', body: '{"a":[1]}' });
  expect(sent?.headers).toMatchObject({
    accept: 'application/json',
    authorization: 'Bearer t',
    'content-type': 'application/json',
    'user-agent': 'keyturn/0.1.0',
  });
});

test('sends a form', async () => {
  const { server, options, request } = await setUp(ok);

  await send({ ...request, method: 'POST', body: { form: { a: 'b c', d: '&' } } }, options);

  expect(server.received[0]).toMatchObject({
    body: 'a=b+c&d=%26',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
});

test('sends an empty body with its content type', async () => {
  const { server, options, request } = await setUp({ status: 204 });

  const answer = await send({ ...request, method: 'POST', body: { empty: 'application/octet-stream' } }, options);

  expect(answer.status).toBe(204);
  expect(server.received[0]).toMatchObject({
    body: '',
    headers: { 'content-type': 'application/octet-stream', 'content-length': '0' },
  });
});

test.each([400, 401, 403, 404, 409])('gives a %i back for the caller to judge, without a retry', async (status) => {
  const { server, options, request } = await setUp({ status, body: 'why' });

  const answer = await send(request, options);

  expect(answer.status).toBe(status);
  expect(server.received).toHaveLength(1);
});

test.each<Reply>([{ status: 500, body: '<html>' }, { status: 503 }, { status: 429 }, { status: 408 }, 'reset'])(
  'tries an idempotent call again after %j',
  async (failure) => {
    const { server, options, request, slept } = await setUp(failure, failure, ok);

    const answer = await send(request, options);

    expect(answer.status).toBe(200);
    expect(server.received).toHaveLength(3);
    expect(slept).toEqual([100, 200]);
  },
);

test('gives up after the retries it was given', async () => {
  const { server, options, request } = await setUp({ status: 503 });

  const failure = send(request, { ...options, retries: 2 });

  await expect(failure).rejects.toThrow(TransientError);
  await expect(failure).rejects.toThrow(`read the thing at ${new URL(server.url).host}: 503`);
  expect(server.received).toHaveLength(3);
});

test.each<Reply>([{ status: 503 }, 'reset', 'hang'])(
  'never repeats a call that is not idempotent: %j',
  async (failure) => {
    const { server, options, request } = await setUp(failure, ok);

    await expect(send({ ...request, method: 'POST', idempotent: false }, options)).rejects.toThrow(TransientError);

    expect(server.received).toHaveLength(1);
  },
);

test.each<Reply>(['hang', 'drip'])('ends an attempt that is not answered to its end in time: %s', async (reply) => {
  const { options, request } = await setUp(reply);

  await expect(send(request, { ...options, timeoutMs: 40, retries: 0 })).rejects.toThrow(/no answer \(ETIMEDOUT\)$/);
});

test.each([
  ['2', 2000],
  ['0', 0],
  ['Sun, 01 Mar 2026 00:00:07 GMT', 7000],
  ['Sat, 28 Feb 2026 23:00:00 GMT', 0],
])('waits as long as Retry-After: %s says', async (header, expected) => {
  const { options, request, slept } = await setUp({ status: 429, headers: { 'retry-after': header } }, ok);

  await send(request, options);

  expect(slept).toEqual([expected]);
});

test.each([
  ['60', 60_000],
  ['999999999', 900_000],
  ['Mon, 01 Mar 2027 00:00:00 GMT', 900_000],
])('leaves a long wait (Retry-After: %s) to its caller, with an upper bound', async (header, expected) => {
  const { server, options, request } = await setUp({ status: 503, headers: { 'retry-after': header } });

  await expect(send(request, options)).rejects.toMatchObject({ name: 'TransientError', retryAfterMs: expected });

  expect(server.received).toHaveLength(1);
});

test('shows a redirect to who asks for it, with its headers, and follows it no more than else', async () => {
  const { server, options, request } = await setUp({
    status: 302,
    headers: { location: 'https://other.example/', 'set-cookie': 'session=s' },
  });

  const answer = await send({ ...request, redirects: 'answer' }, options);

  expect(answer.status).toBe(302);
  expect(answer.header?.('set-cookie')).toEqual(['session=s']);
  expect(answer.header?.('link')).toEqual([]);
  expect(server.received).toHaveLength(1);
});

test('follows no redirect', async () => {
  const elsewhere = await setUp(ok);
  const { options, request } = await setUp({ status: 302, headers: { location: `${elsewhere.server.url}/v1/x` } });

  const failure = send(request, options);

  await expect(failure).rejects.toThrow(PermanentError);
  await expect(failure).rejects.toMatchObject({ reason: 'provider-answer' });
  expect(elsewhere.server.received).toEqual([]);
});

test.each([
  ['plain', Buffer.alloc(2000, 'a'), {}],
  ['packed', gzipSync(Buffer.alloc(2_000_000, 'a')), { 'content-encoding': 'gzip' }],
])('reads no more of an endless answer than it was allowed to: %s', async (_, body, headers) => {
  const { options, request } = await setUp({ status: 200, headers, body });

  await expect(send(request, { ...options, longestAnswer: 1999 })).rejects.toMatchObject({
    name: 'PermanentError',
    reason: 'provider-answer',
  });
});

test('uses a connection of its own where it is asked to, and otherwise keeps one', async () => {
  const { server, options, request } = await setUp(ok);

  for (const freshConnection of [true, true, true, false, false, false])
    await send({ ...request, freshConnection }, options);

  expect(server.received.map(({ connection }) => connection)).toEqual([1, 2, 3, 4, 4, 4]);
});

test('takes no proxy from the environment', async () => {
  const proxy = await setUp({ status: 200, body: 'from the proxy' });
  for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) {
    vi.stubEnv(name, proxy.server.url);
  }
  const { options, request } = await setUp(ok);

  const answer = await send(request, options);

  expect(answer.text.reveal()).toBe('{"a":1}');
  expect(proxy.server.received).toEqual([]);
});

test('calls no host without TLS that the configuration does not list', async () => {
  const { server, options, request } = await setUp(ok);

  await expect(send(request, { ...options, allowHttp: ['localhost'] })).rejects.toMatchObject({
    reason: 'misconfigured',
    field: 'url',
  });

  expect(server.received).toEqual([]);
});

test('names the request id that came back, but nothing that is no id', async () => {
  const id = '0b8f7f0e-11aa-4c59-9d5f-6d0f5e0a1c11';
  const named = await setUp({ status: 500, headers: { 'x-request-id': id } });
  const unnamed = await setUp({ status: 500, headers: { 'x-request-id': 'Zm9vYmFyc2VjcmV0' } });

  await expect(send(named.request, { ...named.options, retries: 0 })).rejects.toThrow(`: 500, request ${id}`);
  await expect(send(unnamed.request, { ...unnamed.options, retries: 0 })).rejects.toThrow(/: 500$/);
});

test.each(['schlüssel', 'a\nb', 'a\0b', '🔑'])('sends no header that would arrive changed: %j', async (value) => {
  const { server, options, request } = await setUp(ok);

  await expect(send({ ...request, headers: { 'x-apikey': value } }, options)).rejects.toMatchObject({
    reason: 'misconfigured',
    field: 'x-apikey',
  });

  expect(server.received).toEqual([]);
});
