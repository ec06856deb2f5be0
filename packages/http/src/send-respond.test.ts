import { TransientError } from '@keyturn/rotation/errors';
import { expect, onTestFinished, test } from 'vitest';

import type { HttpOptions, HttpRequest, RawAnswer, Respond } from './http-exchange.ts';
import { httpFetch } from './http-fetch.ts';
import { loopbackServer } from './loopback-server.ts';
import { send } from './send.ts';

const baseUrl = 'https://apigee.example';
const request: HttpRequest = { operation: 'read the app', method: 'GET', baseUrl, path: '/apps/a', idempotent: true };

function optionsWith(respond: Respond | undefined) {
  const slept: number[] = [];
  const sleep = async (ms: number) => void slept.push(ms);
  const options: HttpOptions = { clock: { now: () => 0, sleep }, random: () => 0.5, allowHttp: ['127.0.0.1'], respond };
  return { options, slept };
}

/** All that a caller can see of a call, as text. */
const outcomeOf = ({ options, slept }: ReturnType<typeof optionsWith>, sent: HttpRequest) =>
  send(sent, options).then(
    ({ text, ...answer }) => JSON.stringify({ ...answer, text: text.reveal(), slept }),
    (error: Error) => JSON.stringify({ error, message: error.message, slept }),
  );

const date = 'Fri, 27 Nov 2026 13:00:00 GMT';
const answers: readonly [string, RawAnswer][] = [
  ['an answer', { status: 200, headers: { date, 'content-type': 'application/json' }, text: '{"a":1}' }],
  ['a refusal', { status: 404, headers: { date, 'x-request-id': 'c0ffee01' }, text: 'no' }],
  ['a redirect', { status: 302, headers: { date, location: 'https://elsewhere.example' }, text: '' }],
  ['patience', { status: 429, headers: { date, 'retry-after': '3' }, text: '' }],
  ['trouble', { status: 503, headers: { date }, text: '' }],
];

test.each(answers)('makes the same of %s, whoever carries the call', async (_, answer) => {
  const server = await loopbackServer(() => ({ ...answer, headers: textsOf(answer.headers), body: answer.text }));
  onTestFinished(() => server.close());

  const overNetwork = await outcomeOf(optionsWith(undefined), { ...request, baseUrl: server.url });
  const handedIn = await outcomeOf(
    optionsWith(async () => answer),
    request,
  );

  expect(handedIn).toBe(overNetwork.replaceAll(new URL(server.url).host, 'apigee.example'));
  expect(handedIn).toContain(`read the app at apigee.example: ${answer.status}`);
});

const textsOf = (headers: RawAnswer['headers']) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

test('asks again where who carries the call says that no answer came', async () => {
  let attempts = 0;
  const bench = optionsWith(async () => {
    attempts += 1;
    if (attempts < 3) throw new TransientError('no answer');
    return { status: 204, headers: {}, text: '' };
  });

  expect(JSON.parse(await outcomeOf(bench, request))).toMatchObject({ status: 204, slept: [100, 200] });
  expect(attempts).toBe(3);
});

test('hands over no call to a URL that may not be called', async () => {
  const urls: string[] = [];
  const bench = optionsWith(async (_, url) => {
    urls.push(url.href);
    return { status: 200, headers: {}, text: '' };
  });

  const plain = await outcomeOf(bench, { ...request, baseUrl: 'http://apigee.example' });
  await outcomeOf(bench, { ...request, query: { expand: 'true' } });

  expect(JSON.parse(plain)).toMatchObject({ error: { reason: 'misconfigured', field: 'url' } });
  expect(urls).toEqual([`${baseUrl}/apps/a?expand=true`]);
});

test('a fetch for a client of others goes the same way', async () => {
  const { options } = optionsWith(async ({ method, body }) => ({
    status: 200,
    headers: { 'x-list': ['a', 'b'] },
    text: JSON.stringify({ method, body }),
  }));

  const answer = await httpFetch('post', options)(`${baseUrl}/x`, { method: 'POST', body: 'a=1' });

  expect(answer.headers.get('x-list')).toBe('a, b');
  expect(await answer.json()).toEqual({ method: 'POST', body: { form: { a: '1' } } });
});
