import { expect, test } from 'vitest';
import { app, companies, appGroups, send, simulatorUnderTest, type UnderTest } from './simulator-under-test.ts';

/** 01/15/2027 08:00 in UTC, the hour in which every test begins. */
const hour = 1_800_000_000_000;
const thatDay = '01/15/2027 00:00~01/16/2027 00:00';
const flavours = ['x', 'edge'] as const;

type Asked = { dimensions?: string; environment?: string; query?: Record<string, string> };

const stats = ({ manage }: UnderTest, { dimensions = 'client_id', environment = 'prod', query = {} }: Asked = {}) => {
  const asked = { select: 'sum(message_count)', timeRange: thatDay, timeUnit: 'hour', ...query };
  return manage('GET', `/environments/${environment}/stats/${dimensions}?${new URLSearchParams(asked).toString()}`);
};

const call = ({ simulator }: UnderTest, key = 'hand-made', path = '/orders') =>
  send(`${simulator.gatewayUrl}${path}`, { headers: { 'x-apikey': key } });

const line = (names: readonly string[], values: unknown) => ({
  name: names.join(','),
  metrics: [{ name: 'sum(message_count)', values }],
});
const environmentsOf = async (underTest: UnderTest, asked?: Asked) =>
  (await stats(underTest, asked)).json['environments'];

test.each([
  ['x', { individualNames: ['hand-made'] }],
  ['hybrid', { individualNames: ['hand-made'] }],
  ['edge', {}],
  ['opdk', {}],
] as const)('%s counts accepted calls by client id and hour, the newest hour first', async (flavour, more) => {
  const underTest = await simulatorUnderTest({ flavour, accessTokenSeconds: 7200 });
  await call(underTest);
  await call(underTest);
  underTest.wait(3_600_000);
  await call(underTest);

  const answer = await stats(underTest);

  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({
    environments: [
      {
        name: 'prod',
        dimensions: [
          {
            ...line(
              ['hand-made'],
              [
                { timestamp: hour + 3_600_000, value: '1.0' },
                { timestamp: hour, value: '2.0' },
              ],
            ),
            ...more,
          },
        ],
      },
    ],
    metaData: { errors: [], notices: ['Source:Simulator'] },
  });
});

test('an environment without any call stands there by its name alone', async () => {
  const underTest = await simulatorUnderTest();

  expect(await environmentsOf(underTest)).toEqual([{ name: 'prod' }]);
});

test('a refused call does not count', async () => {
  const underTest = await simulatorUnderTest();
  await call(underTest, 'unknown');
  await call(underTest, 'hand-made', '/invoices');
  await underTest.act('/developers/dev@example.com/apps/orders%20client/keys/hand-made', 'revoke');
  await call(underTest);

  expect(await environmentsOf(underTest)).toEqual([{ name: 'prod' }]);
});

test('a token and the calls with it count for the key behind it', async () => {
  const underTest = await simulatorUnderTest();
  const { json } = await send(`${underTest.simulator.gatewayUrl}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('hand-made:typed-once').toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  await send(`${underTest.simulator.gatewayUrl}/orders`, {
    headers: { authorization: `Bearer ${String(json['access_token'])}` },
  });

  expect(await environmentsOf(underTest)).toMatchObject([
    { dimensions: [line(['hand-made'], [{ timestamp: hour, value: '2.0' }])] },
  ]);
});

test('a call shows only after the lag of the analytics', async () => {
  const underTest = await simulatorUnderTest({ analyticsLagMs: 600_000 });
  await call(underTest);
  underTest.wait(1);
  await call(underTest);

  underTest.wait(599_998);
  expect(await environmentsOf(underTest)).toEqual([{ name: 'prod' }]);

  underTest.wait(1);
  expect(await environmentsOf(underTest)).toMatchObject([{ dimensions: [line(['hand-made'], [{ value: '1.0' }])] }]);

  underTest.wait(1);
  expect(await environmentsOf(underTest)).toMatchObject([{ dimensions: [line(['hand-made'], [{ value: '2.0' }])] }]);
});

test.each([
  ['edge', companies, 'of-group'],
  ['x', appGroups, 'of-group'],
] as const)('on %s, the filter tells apps of one name apart', async (flavour, seed, key) => {
  const underTest = await simulatorUnderTest({ flavour });
  underTest.simulator.seed(seed);
  await call(underTest);
  await call(underTest, key);
  const by = async (filter: string) => (await stats(underTest, { query: { filter } })).text;

  const both = await by(`(developer_app eq '${app}')`);
  const one = await by(`(developer_app eq '${app}' and developer_email eq 'dev@example.com')`);
  const listed = await by(`(client_id in '${key}', 'absent')`);
  const none = await by("(developer_app eq 'absent')");

  expect([both, one, listed, none].map((text) => text.includes('"hand-made"'))).toEqual([true, true, false, false]);
  expect([both, one, listed, none].map((text) => text.includes(`"${key}"`))).toEqual([true, false, true, false]);
});

test('groups by several dimensions', async () => {
  const underTest = await simulatorUnderTest();
  await call(underTest);

  expect(await environmentsOf(underTest, { dimensions: 'developer_app,client_id' })).toMatchObject([
    { dimensions: [{ name: `${app},hand-made`, individualNames: [app, 'hand-made'] }] },
  ]);
});

test('gives one sum without a time unit, ascending times where asked, and days', async () => {
  const underTest = await simulatorUnderTest({ accessTokenSeconds: 7200 });
  await call(underTest);
  underTest.wait(3_600_000);
  await call(underTest);
  const values = async (query: Record<string, string>) =>
    (await stats(underTest, { query: { ...query, timeUnit: query['timeUnit'] ?? 'hour' } })).text;

  const bare = await underTest.manage(
    'GET',
    `/environments/prod/stats/client_id?select=sum(message_count)&timeRange=${encodeURIComponent(thatDay)}`,
  );

  expect(bare.text).toContain('"values":["2.0"]');
  expect(await values({ tsAscending: 'true' })).toMatch(new RegExp(`${hour}.*${hour + 3_600_000}`, 'u'));
  expect(await values({ timeUnit: 'day' })).toContain(`{"timestamp":${hour - 8 * 3_600_000},"value":"2.0"}`);
});

test('the time range has its start and not its end', async () => {
  const underTest = await simulatorUnderTest();
  underTest.wait(60_000);
  await call(underTest);
  const shows = async (timeRange: string) =>
    (await stats(underTest, { query: { timeRange } })).text.includes('hand-made');

  expect(await shows('01/15/2027 08:01~01/15/2027 08:02')).toBe(true);
  expect(await shows('01/15/2027 08:00~01/15/2027 08:01')).toBe(false);
  expect(await shows('1/15/2027 08:02~1/15/2027 09:00')).toBe(false);
});

test('calls count in the first environment; the others have none', async () => {
  const underTest = await simulatorUnderTest({ environments: ['live', 'test'] });
  await call(underTest);

  expect(await environmentsOf(underTest, { environment: 'live' })).toMatchObject([{ name: 'live', dimensions: [{}] }]);
  expect(await environmentsOf(underTest, { environment: 'test' })).toEqual([{ name: 'test' }]);
});

test.each(flavours)('on %s, an unknown environment is not found', async (flavour) => {
  const underTest = await simulatorUnderTest({ flavour });

  const answer = await stats(underTest, { environment: 'nowhere' });

  expect(answer.status).toBe(404);
  expect(answer.text).toContain('messaging.config.beans.EnvironmentDoesNotExist');
});

test.each([
  ['x', 403],
  ['edge', 401],
] as const)('on %s, a missing permission is a %i', async (flavour, status) => {
  const underTest = await simulatorUnderTest({ flavour, analytics: 'refused' });

  expect((await stats(underTest)).status).toBe(status);
  expect((await underTest.manage('GET', '/developers/dev@example.com')).status).toBe(200);
});

const wrong: [string, Asked, number][] = [
  ['no start', { query: { timeRange: '01/16/2027 00:00' } }, 400],
  ['a day that is none', { query: { timeRange: '02/30/2027 00:00~03/01/2027 00:00' } }, 400],
  ['24:00', { query: { timeRange: '01/15/2027 00:00~01/15/2027 24:00' } }, 400],
  ['an end before its start', { query: { timeRange: '01/16/2027 00:00~01/15/2027 00:00' } }, 400],
  ['a filter without parentheses', { query: { filter: "developer_app eq 'a'" } }, 400],
  ['a filter with another operator', { query: { filter: "(developer_app like 'a')" } }, 400],
  ['a filter by an unknown dimension', { query: { filter: "(colour eq 'a')" } }, 501],
  ['another metric', { query: { select: 'avg(total_response_time)' } }, 501],
  ['another time unit', { query: { timeUnit: 'century' } }, 501],
  ['another dimension', { dimensions: 'apiproxy' }, 501],
  ['a sort that is not simulated', { query: { sort: 'DESC' } }, 501],
];
test.each(wrong)('refuses %s', async (_, asked, status) => {
  for (const flavour of flavours) {
    const underTest = await simulatorUnderTest({ flavour });

    expect((await stats(underTest, asked)).status).toBe(status);
  }
});

test('a statistic without a metric is refused', async () => {
  const underTest = await simulatorUnderTest();
  const path = `/environments/prod/stats/client_id?timeRange=${encodeURIComponent(thatDay)}`;

  expect((await underTest.manage('GET', path)).status).toBe(400);
});

test('the log tells that the statistics were asked for, and not of whom', async () => {
  const underTest = await simulatorUnderTest({ flavour: 'edge' });
  await stats(underTest, { query: { filter: "(developer_app eq 'secret project')" } });

  const [record] = underTest.simulator.requests();
  expect(record).toMatchObject({ operation: 'edge.environments.stats.get', fits: true });
  expect(JSON.stringify(record)).not.toContain('secret project');
});
