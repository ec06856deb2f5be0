import type { Flavour, SimulatorOptions } from '@keyturn/apigee-simulator/simulator';
import type { Credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import { readUsage } from './read-usage.ts';
import { otherTarget, simulatedApigee, target, type Interference } from './simulated-apigee.conformance.ts';

const hour = 3_600_000;
const lag = hour;

async function setUp({ flavour = 'x', ...simulator }: SimulatorOptions & { flavour?: Flavour } = {}) {
  const simulated = await simulatedApigee({
    flavour,
    analytics: true,
    simulator: { accessTokenSeconds: 1_000_000, ...simulator },
  });
  onTestFinished(() => simulated.close());
  const { provider } = simulated;
  const ask = (credential: Credential, usage = true) =>
    provider.check({ target, credential, probe: 'none', times: 1, usage });
  return {
    ...simulated,
    ask,
    lastUsedAt: async (credential: Credential) => {
      const { key } = await ask(credential);
      return key.state === 'absent' ? 'absent' : key.lastUsedAt;
    },
    use: (credential: Credential, at = target) =>
      provider.check({ target: at, credential, probe: 'credential', times: 1 }),
    /** The statistics answer this. */
    statistics: (reply: ReturnType<Interference>) =>
      simulated.interfere(({ url }) => (url.includes('/stats/') ? reply : 'pass')),
  };
}

const json = (body: unknown, status = 200) => ({ status, body: JSON.stringify(body) });
const values = (...hours: readonly [number, string][]) => hours.map(([timestamp, value]) => ({ timestamp, value }));

test.each(['x', 'hybrid', 'edge', 'opdk'] as const)(
  'on %s tells the end of the last hour with calls, and what may still be on its way',
  async (flavour) => {
    const { handMade, use, lastUsedAt, clock } = await setUp({ flavour });
    const key = handMade();
    const other = handMade();
    await use(key);
    await clock.sleep(2 * hour);
    await use(key);
    const usedAt = clock.now();
    await clock.sleep(10 * hour);
    await use(other);

    const last = await lastUsedAt(key);

    expect(last).toBe(Math.floor(usedAt / hour) * hour + hour + lag);
    expect(await lastUsedAt(handMade())).toBeUndefined();
  },
);

test('what was used just now is not told as of the future', async () => {
  const { handMade, use, lastUsedAt, clock } = await setUp();
  const key = handMade();
  await use(key);

  expect(await lastUsedAt(key)).toBe(clock.now());
});

test('the statistics are asked only by who wants them, and no key id is in the question', async () => {
  const { handMade, ask, calls, apigee } = await setUp();
  const key = handMade();

  await ask(key, false);
  expect(calls).not.toContain('organizations.environments.stats.get');
  await ask(key);

  expect(calls).toContain('organizations.environments.stats.get');
  const asked = apigee.requests().filter(({ path }) => path.includes('/stats/'));
  expect(asked).toHaveLength(1);
  expect(asked[0]?.path).not.toContain(key.keyId.reveal());
  expect(asked[0]?.query.toSorted()).toEqual(['filter', 'select', 'timeRange', 'timeUnit']);
});

test('a key of another app of the same developer does not count', async () => {
  const { handMade, use, lastUsedAt } = await setUp();
  const key = handMade();
  await use(handMade({ target: otherTarget }), otherTarget);

  expect(await lastUsedAt(key)).toBeUndefined();
});

test('sums without calls are no use, and any environment and metric counts', async () => {
  const { handMade, lastUsedAt, statistics, clock } = await setUp();
  const key = handMade();
  const start = Math.floor(clock.now() / hour) * hour - 50 * hour;
  const named = { individualNames: [key.keyId.reveal()] };
  statistics(
    json({
      environments: [
        {
          name: 'prod',
          dimensions: [
            { ...named, metrics: [{ values: values([start, '2.0E1'], [start + 3 * hour, '0.0']) }] },
            { name: '(not set)', metrics: [{ values: values([start + 5 * hour, '7.0']) }] },
          ],
        },
      ],
    }),
  );

  expect(await lastUsedAt(key)).toBe(start + hour + lag);
});

test.each<[string, ReturnType<Interference>]>([
  ['an outage', { status: 503 }],
  ['a limit', { status: 429 }],
  ['a page', { status: 200, body: '<html>' }],
  ['nothing', { status: 200 }],
  ['another form', json({ environments: [{ name: 'prod', dimensions: [{ metrics: [{ values: ['39.0'] }] }] }] })],
  ['no environments', json({})],
  ['an error beside the numbers', json({ environments: [{ name: 'prod' }], metaData: { errors: ['timed out'] } })],
  ['a refusal of another kind', json({ error: { code: 400, status: 'INVALID_ARGUMENT' } }, 400)],
])('statistics that cannot be read just now are a TransientError, and no unused key: %s', async (_, reply) => {
  const { handMade, ask, statistics } = await setUp();
  const key = handMade();
  statistics(reply);

  await expect(ask(key)).rejects.toMatchObject({ name: 'TransientError' });

  expect((await ask(key, false)).key.state).toBe('enabled');
});

test.each(['x', 'edge'] as const)('on %s the missing permission is named', async (flavour) => {
  const { handMade, ask } = await setUp({ flavour, analytics: 'refused' });

  await expect(ask(handMade())).rejects.toMatchObject({ reason: 'access-denied', field: 'analytics' });
});

test('an environment that does not exist is named', async () => {
  const { handMade, ask } = await setUp({ environments: ['test'] });

  await expect(ask(handMade())).rejects.toMatchObject({ reason: 'misconfigured', field: 'analytics' });
});

test('an answer that may be cut off is not believed', async () => {
  const { handMade, ask, statistics } = await setUp();
  const full = Array.from({ length: 14_400 }, (_, index) => ({ timestamp: index, value: '1.0' }));
  statistics(json({ environments: [{ name: 'prod', dimensions: [{ name: 'other', metrics: [{ values: full }] }] }] }));

  await expect(ask(handMade())).rejects.toMatchObject({ reason: 'unsupported', field: 'analytics' });
});

test('a fault of ours is thrown as it is, and not taken for statistics that cannot be read', async () => {
  const fault = new TypeError('a bug');
  const clock = { now: () => 1_800_000_000_000, sleep: () => Promise.resolve() };
  const lastUse = readUsage(() => Promise.reject(fault), { environments: ['prod'], lag }, clock);

  await expect(lastUse('orders', hidden('a-key'))).rejects.toBe(fault);
});
