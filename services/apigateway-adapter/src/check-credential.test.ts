import type { ApiGatewayProbe } from '@keyturn/config/config';
import { loopbackServer, type Reply } from '@keyturn/http/loopback-server';
import { credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { describe, expect, onTestFinished, test } from 'vitest';

import { adapter, refusal } from './adapter-under-test.conformance.ts';
import { chooseProbe, probeKey } from './probe-key.ts';
import { target } from './simulated-api-gateway.conformance.ts';

const probe: ApiGatewayProbe = {
  id: 'orders',
  plans: [],
  targets: [],
  url: 'orders',
  path: '/prod/ping',
  method: 'GET',
  header: 'x-api-key',
  expect: [200],
};

async function probing(reply: Reply) {
  const server = await loopbackServer(() => reply);
  onTestFinished(() => server.close());
  const http = { clock: { now: () => 0, sleep: () => Promise.resolve() }, random: () => 0, allowHttp: ['127.0.0.1'] };
  const run = (value = 'a-value') => probeKey(probe, hidden(value), { config: { urls: { orders: server.url } }, http });
  return { run, received: server.received };
}
const said = (status: number, message: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
});

describe('what a stage says of a key', () => {
  test('is asked with the key in the header', async () => {
    const { run, received } = await probing({ status: 200 });

    expect(await run()).toEqual({ outcome: 'accepted' });
    expect(received[0]?.headers['x-api-key']).toBe('a-value');
  });

  test('403 Forbidden is a refusal', async () => {
    const { run } = await probing(said(403, 'Forbidden'));

    expect(await run()).toEqual({ outcome: 'rejected', code: 'Forbidden' });
  });

  test.each([401, 403])('%d in words of its own is a refusal, and the words are not shown', async (status) => {
    const { run } = await probing(said(status, 'Go away, canary'));

    expect(await run()).toEqual({ outcome: 'rejected', code: `status-${status}` });
  });

  test.each([
    ['a path that the stage does not have', said(403, 'Missing Authentication Token')],
    ['not found', said(404, 'Not Found')],
    ['a bad request', said(400, 'canary')],
  ])('%s says nothing of the key: the probe is named', async (_, reply) => {
    const { run } = await probing(reply);

    expect(await refusal(run())).toMatchObject({ reason: 'misconfigured', field: 'probes.orders' });
  });

  test.each([
    ['a quota that is used up', said(429, 'Limit Exceeded')],
    ['a throttle', said(429, 'Too Many Requests')],
    ['an outage', said(500, 'Internal Server Error')],
    ['nothing', 'reset' as const],
  ])('%s is no refusal: it passes', async (_, reply) => {
    const { run } = await probing(reply);

    await expect(run()).rejects.toBeInstanceOf(TransientError);
  });

  test('a value that no header can hold is refused and not sent', async () => {
    const { run, received } = await probing({ status: 200 });

    expect(await run('a\nb')).toEqual({ outcome: 'rejected', code: 'not-a-header' });
    expect(received).toEqual([]);
  });
});

test('a probe fits by usage plan, by target, or every key', () => {
  const byPlan = { ...probe, id: 'plan', plans: ['aord01'] };
  const byTarget = { ...probe, id: 'target', targets: ['badm02/shop*'] };
  const chosen = (plans: readonly string[], of: string) => chooseProbe([byPlan, byTarget], { plans, target: of })?.id;

  expect(chosen(['badm02', 'aord01'], 'x/y')).toBe('plan');
  expect(chosen(['badm02'], 'badm02/shop-7')).toBe('target');
  expect(chosen(['badm02'], 'badm02/other')).toBeUndefined();
  expect(chooseProbe([byPlan, probe], { plans: [], target: 'x/y' })?.id).toBe('orders');
});

describe('when a key was used last', () => {
  const dayMs = 24 * 3_600_000;

  test('today: just now, whatever the hour; yesterday: its end and what the data lag', async () => {
    const { provider, handMade, clock } = await adapter();
    const key = handMade();
    const look = async () => {
      const { key: state } = await provider.check({ target, credential: key, probe: 'none', times: 1, usage: true });
      return state.state === 'absent' ? undefined : state.lastUsedAt;
    };
    await provider.check({ target, credential: key, probe: 'credential', times: 3 });

    const used = clock.now();
    expect(await look()).toBe(used);
    await clock.sleep(3 * dayMs);

    expect(await look()).toBe(Math.floor(used / dayMs) * dayMs + dayMs + 3_600_000);
  });

  test('is asked of every usage plan that has the key', async () => {
    const { provider, handMade, calls } = await adapter();
    const key = handMade({ plans: ['aord01', 'badm02'] });

    await provider.check({ target, credential: key, probe: 'none', times: 1, usage: true });

    expect(calls().filter((name) => name === 'GetUsage')).toHaveLength(2);
  });

  test('what cannot be read is never "not at all"', async () => {
    const { provider, handMade, interfere } = await adapter();
    const key = handMade();
    const check = () => provider.check({ target, credential: key, probe: 'none', times: 1, usage: true });

    for (const body of ['{"startDate":"2027-01-01","values":{"a":[["x"]]}}', '{"values":{}}', '[]']) {
      interfere(({ url }) =>
        url.includes('/usage?') ? { status: 200, headers: { 'content-type': 'application/json' }, body } : 'pass',
      );
      expect(await refusal(check())).toMatchObject({ reason: 'provider-answer' });
    }
    interfere(({ url }) => (url.includes('/usage?') ? said(404, 'Not found') : 'pass'));
    await expect(check()).rejects.toThrow();
  });
});

test('a key that is gone is probed as its target is', async () => {
  const { provider } = await adapter();
  const absent = credential('0123456789', 'a-value-that-nobody-ever-had');

  const { key, use } = await provider.check({ target, credential: absent, probe: 'credential', times: 1 });

  expect({ key, use }).toEqual({
    key: { state: 'absent' },
    use: { outcome: 'rejected', code: 'Forbidden', final: false },
  });
});
