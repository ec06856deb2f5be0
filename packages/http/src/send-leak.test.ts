import { inspect } from 'node:util';

import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';

import type { HttpOptions, HttpRequest } from './http-exchange.ts';
import { loopbackServer, type LoopbackServer, type Reply } from './loopback-server.ts';
import { parseAnswer } from './parse-answer.ts';
import { send } from './send.ts';

const servers: LoopbackServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const canaries = {
  token: 'canary-token-8f1c2d',
  query: 'canary-query-17b3aa',
  sent: 'canary-sent-90ce41',
  answered: 'canary-answered-5d2f7e',
};
const body = JSON.stringify({ consumerSecret: canaries.answered });
const headers = { 'x-request-id': canaries.token, 'content-type': 'text/html', location: `/${canaries.query}` };

/** Everything a logger, a console or Lambda could print of it. */
function printed(error: unknown): string {
  if (!(error instanceof Error)) throw new Error('This is no error');
  return [
    inspect(error, { depth: Infinity, showHidden: true, getters: true }),
    JSON.stringify(error),
    JSON.stringify(Object.getOwnPropertyDescriptors(error)),
    String(error),
    error.stack,
    inspect(error.cause, { depth: Infinity, showHidden: true }),
  ].join('\n');
}

const options: HttpOptions = {
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  random: () => 0,
  allowHttp: ['127.0.0.1'],
  timeoutMs: 100,
  longestAnswer: 1000,
};

async function failureOf(reply: Reply): Promise<unknown> {
  const server = await loopbackServer(() => reply);
  servers.push(server);
  return callAt(server.url);
}

async function callAt(baseUrl: string): Promise<unknown> {
  const request: HttpRequest = {
    operation: 'create a key',
    method: 'POST',
    baseUrl,
    path: '/keys',
    query: { key: canaries.query },
    headers: { authorization: `Bearer ${canaries.token}` },
    body: { json: { consumerSecret: canaries.sent } },
    idempotent: false,
  };
  try {
    return parseAnswer(await send(request, options), z.object({ missing: z.string() }));
  } catch (error) {
    return error;
  }
}

test.each<[string, Reply]>([
  ['an answer of another form', { status: 200, headers, body }],
  ['an answer that is not JSON', { status: 200, headers, body: `<html>${canaries.answered}` }],
  ['a conflict', { status: 409, headers, body }],
  ['an outage', { status: 500, headers, body }],
  ['a throttle', { status: 429, headers: { ...headers, 'retry-after': canaries.sent }, body }],
  ['a redirect', { status: 307, headers, body }],
  ['an endless answer', { status: 200, headers, body: body.repeat(100) }],
  ['silence', 'hang'],
  ['a connection that is cut', 'reset'],
])('prints nothing of request and answer after %s', async (_, reply) => {
  const error = await failureOf(reply);

  expect(String(error)).toMatch(/^(Transient|Permanent)Error: create a key at 127/);
  for (const canary of Object.values(canaries)) expect(printed(error)).not.toContain(canary);
});

test('prints nothing of the request where nobody listens', async () => {
  const server = await loopbackServer(() => 'hang');
  await server.close();

  const error = await callAt(server.url);

  expect(String(error)).toMatch(/^TransientError: create a key .*: no answer \(ECONNREFUSED\)$/);
  for (const canary of Object.values(canaries)) expect(printed(error)).not.toContain(canary);
});

test('prints nothing of an answer that was given back', async () => {
  const server = await loopbackServer(() => ({ status: 200, body }));
  servers.push(server);

  const request: HttpRequest = { operation: 'read', method: 'GET', baseUrl: server.url, path: '/', idempotent: true };
  const answer = await send(request, options);

  expect(inspect(answer, { depth: Infinity, showHidden: true }) + JSON.stringify(answer)).not.toContain(
    canaries.answered,
  );
});
