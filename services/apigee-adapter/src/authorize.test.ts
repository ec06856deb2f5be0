import type { SimulatorOptions } from '@keyturn/apigee-simulator/simulator';
import type { ApigeeConfig } from '@keyturn/config/config';
import { apigee as providerSchema } from '@keyturn/config/apigee-config';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';

import { authorizationBench, trustedIdentity } from './authorization-bench.conformance.ts';
import { authorizeBy } from './authorize.ts';
import { flavours } from './flavour.ts';
import { managementApi } from './management-api.ts';

type Bench = Awaited<ReturnType<typeof setUp>>;

async function setUp(
  options: SimulatorOptions,
  given: (bench: Awaited<ReturnType<typeof authorizationBench>>) => object,
) {
  const bench = await authorizationBench(options);
  const { apigee, http } = bench;
  const config = providerSchema.parse({
    kind: 'apigee',
    flavour: apigee.flavour,
    organization: apigee.organization,
    managementUrl: apigee.managementUrl,
    allowHttp: ['127.0.0.1'],
    ...given(bench),
  });
  const asked: string[] = [];
  const contents = new Map<string, string>();
  const secrets = {
    value: (id: string) => {
      asked.push(id);
      const text = contents.get(id);
      return Promise.resolve(text === undefined ? undefined : { versionId: 'v', text: hidden(text), createdAt: 0 });
    },
  };
  const authorize = (duty: 'issue' | 'retire') =>
    authorizeBy({ config, duty, secrets, identity: () => Promise.resolve(trustedIdentity(apigee)), http });
  const look = (duty: 'issue' | 'retire') => {
    const call = managementApi({
      config,
      flavour: flavours[config.flavour],
      authorize: authorize(duty),
      http: { ...http, retries: 0 },
    });
    const path = ['developers', 'dev@example.com', 'apps', 'orders'];
    return () => call({ operation: 'look', method: 'GET', path });
  };
  return { ...bench, config, contents, asked, authorize, look };
}

const refusals = ({ apigee }: Bench): number =>
  apigee.requests().filter(({ surface, status }) => surface === 'management' && status !== 200).length;
const logins = ({ apigee }: Bench): number => apigee.requests().filter(({ surface }) => surface === 'token').length;
const user = ({ apigee }: Bench) =>
  JSON.stringify({ username: apigee.edgeLogin.username, password: apigee.edgeLogin.password() });

const modes: Record<string, () => Promise<{ bench: Bench; change: () => void }>> = {
  async serviceAccount() {
    const bench = await setUp({}, ({ apigee }) => ({
      auth: { as: 'serviceAccount', tokenUrl: apigee.tokenUrl },
      adminSecret: 'admin',
    }));
    bench.contents.set('admin', JSON.stringify(bench.apigee.serviceAccount));
    return { bench, change: () => bench.apigee.revokeAccessToken() };
  },
  async workloadIdentity() {
    const bench = await setUp({}, ({ apigee: { workloadIdentity } }) => {
      const { audience, serviceAccount, stsUrl, iamCredentialsUrl } = workloadIdentity;
      return { auth: { as: 'workloadIdentity', audience, serviceAccount, stsUrl, iamCredentialsUrl } };
    });
    const change = () => {
      bench.apigee.workloadIdentity.replaceAwsKeys();
      bench.apigee.revokeAccessToken();
    };
    return { bench, change };
  },
  async oauth() {
    const bench = await setUp({ flavour: 'edge' }, ({ apigee }) => ({
      auth: { as: 'oauth', tokenUrl: apigee.tokenUrl },
      adminSecret: 'admin',
    }));
    bench.contents.set('admin', user(bench));
    const change = () => {
      bench.apigee.edgeLogin.setPassword('another');
      bench.apigee.edgeLogin.revokeRefreshTokens();
      bench.apigee.revokeAccessToken();
      bench.contents.set('admin', user(bench));
    };
    return { bench, change };
  },
  async basic() {
    const bench = await setUp({ flavour: 'opdk' }, () => ({ adminSecret: 'admin' }));
    bench.contents.set('admin', user(bench));
    const change = () => {
      bench.apigee.edgeLogin.setPassword('another');
      bench.contents.set('admin', user(bench));
    };
    return { bench, change };
  },
};

for (const [as, mode] of Object.entries(modes)) {
  test(`${as}: what an administrator changed is used after one refusal`, async () => {
    const { bench, change } = await mode();
    const look = bench.look('issue');
    await look();
    expect(bench.config.auth.as).toBe(as);

    change();

    await expect(look()).resolves.toMatchObject({ status: 200 });
    await look();
    expect(refusals(bench)).toBe(1);
  });

  test(`${as}: what is refused for good is tried once more at most`, async () => {
    const { bench } = await mode();
    const look = bench.look('issue');
    const status = bench.config.flavour === 'edge' || bench.config.flavour === 'opdk' ? 403 : 401;
    bench.apigee.inject({ surface: 'management', times: 'always', answer: { kind: 'status', status } });

    await expect(look()).rejects.toMatchObject({ name: 'PermanentError', reason: 'access-denied' });

    expect(refusals(bench)).toBeLessThanOrEqual(2);
    expect(logins(bench)).toBeLessThanOrEqual(4);
  });
}

test('the same password is not tried again: that would lock the account', async () => {
  const { bench } = await modes['basic']!();
  bench.contents.set('admin', '{"username":"m@x.io","password":"wrong"}');

  await expect(bench.look('issue')()).rejects.toMatchObject({ reason: 'access-denied' });

  expect(refusals(bench)).toBe(1);
  expect(bench.asked).toEqual(['admin', 'admin']);
});

test.each([
  ['x', 403],
  ['hybrid', 403],
] as const)('%s: %i is about permission, and no reason to sign in again', async (flavour, status) => {
  const bench = await setUp({ flavour }, ({ apigee }) => ({
    auth: { as: 'serviceAccount', tokenUrl: apigee.tokenUrl },
    adminSecret: 'admin',
  }));
  bench.contents.set('admin', JSON.stringify(bench.apigee.serviceAccount));
  bench.apigee.inject({ surface: 'management', times: 'always', answer: { kind: 'status', status } });

  await expect(bench.look('issue')()).rejects.toMatchObject({ reason: 'access-denied' });

  expect([refusals(bench), logins(bench)]).toEqual([1, 1]);
});

test.each([401, 403])('edge: %i may be about credentials, whatever its body says', async (status) => {
  const { bench } = await modes['oauth']!();
  bench.apigee.inject({ surface: 'management', answer: { kind: 'html', status } });

  await expect(bench.look('issue')()).resolves.toMatchObject({ status: 200 });
});

const secretsOf = (retireSecret?: string) => () => ({ adminSecret: 'admin', ...(retireSecret && { retireSecret }) });

test('whoever retires uses the secret of its own, and the other one where there is none', async () => {
  const own = await setUp({ flavour: 'opdk' }, secretsOf('retirement'));
  const shared = await setUp({ flavour: 'opdk' }, secretsOf());
  for (const bench of [own, shared]) {
    for (const name of ['admin', 'retirement']) bench.contents.set(name, user(bench));
    await bench.authorize('issue')();
    await bench.authorize('retire')();
  }

  expect(own.asked).toEqual(['admin', 'retirement']);
  expect(shared.asked).toEqual(['admin', 'admin']);
});

test('whoever retires acts as the service account of its own, and as the other one where there is none', async () => {
  const accounts = async (more: object) => {
    const bench = await setUp({}, ({ apigee: { workloadIdentity } }) => {
      const { audience, stsUrl, iamCredentialsUrl } = workloadIdentity;
      const serviceAccount = 'issue@acme.iam.gserviceaccount.com';
      return { auth: { as: 'workloadIdentity', audience, serviceAccount, stsUrl, iamCredentialsUrl, ...more } };
    });
    // The simulator knows neither; which one is asked for stands in the path.
    await expect(bench.authorize('issue')()).rejects.toMatchObject({ field: 'auth.serviceAccount' });
    await expect(bench.authorize('retire')()).rejects.toMatchObject({ field: 'auth.serviceAccount' });
    return bench.apigee
      .requests()
      .map(({ path }) => /serviceAccounts\/(\w+)%40/.exec(path)?.[1])
      .filter((name) => name !== undefined);
  };

  expect(await accounts({ retireServiceAccount: 'retire@acme.iam.gserviceaccount.com' })).toEqual(['issue', 'retire']);
  expect(await accounts({})).toEqual(['issue', 'issue']);
});

test.each<[string, string, string]>([
  ['is empty', '', 'adminSecret'],
  ['has other names', '{"user":"canary"}', 'username'],
  ['has a colon in its username', '{"username":"canary:x","password":"canary"}', 'username'],
  ['has no password', '{"username":"canary"}', 'password'],
])('basic: a secret that %s is named by its field', async (_, text, field) => {
  const { bench } = await modes['basic']!();
  bench.contents.set('admin', text);

  const error: unknown = await bench
    .look('issue')()
    .catch((caught: unknown) => caught);

  expect(error).toMatchObject({ reason: 'misconfigured', field });
  expect(error).toHaveProperty('message', expect.not.stringContaining('canary'));
  expect(refusals(bench)).toBe(0);
});

test('basic: any character of a password arrives', async () => {
  const bench = await setUp(
    { flavour: 'opdk', edgeLogin: { username: 'müller@x.io', password: 'p:ä€ "1' } },
    secretsOf(),
  );
  bench.contents.set('admin', user(bench));

  await expect(bench.look('issue')()).resolves.toMatchObject({ status: 200 });
});

test('a mode without its secret is refused at start', () => {
  const config: Pick<ApigeeConfig, 'auth' | 'adminSecret' | 'retireSecret'> = { auth: { as: 'basic' } };
  const identity = () => Promise.reject(new Error('not asked'));
  const secrets = { value: () => Promise.resolve(undefined) };
  const http = { clock: { now: () => 0, sleep: () => Promise.resolve() }, random: () => 0, allowHttp: [] };

  expect(() => authorizeBy({ config, duty: 'issue', secrets, identity, http })).toThrow(
    expect.objectContaining({ reason: 'misconfigured', field: 'adminSecret' }),
  );
});
