import { inspect } from 'node:util';

import type { ProposeRequest } from '@keyturn/credential-provider/credential-provider';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import type { PortalOptions, TokenApiOptions } from '@keyturn/token-api-simulator/simulator';
import { describe, expect, onTestFinished, test } from 'vitest';

import { presetsUnderTest } from './presets.conformance.ts';
import { simulatedApi } from './simulated-api.conformance.ts';
import { behind } from './token-fixture.conformance.ts';

type Name = keyof typeof presetsUnderTest;
const names = Object.keys(presetsUnderTest).filter((name): name is Name => Object.hasOwn(presetsUnderTest, name));
const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const markOfVersion = (version: number) => formatMark(markOf(arn, `version-${version}`, 'test'));

async function setUp(name: Name, simulator: Partial<TokenApiOptions> = {}) {
  const { described, shown } = presetsUnderTest[name];
  const simulated = await simulatedApi({ ...described, simulator: { ...described.simulator, ...simulator } });
  onTestFinished(() => simulated.close());
  const { api, provider } = simulated;
  const { handMade, stored } = behind(simulated, shown);
  const { target, entitlements } = shown;
  const issue = async (wish: Partial<ProposeRequest> = {}) => {
    const request = { target, entitlements, mark: markOfVersion(1), like: undefined, ...wish };
    const credential = await provider.propose(request);
    await provider.ensure({ ...request, credential, approve: false });
    return credential;
  };
  /** The permanent error of a call, which shows nothing confidential. */
  const refusal = async (call: Promise<unknown>) => {
    const error: unknown = await call.catch((reason: unknown) => reason);
    const printed = inspect(error, { depth: Infinity, showHidden: true, getters: true });
    expect(api.confidential().filter((canary) => printed.includes(canary))).toEqual([]);
    expect(error).toBeInstanceOf(PermanentError);
    return error;
  };
  return { api, provider, target, handMade, stored: () => stored(target), issue, refusal };
}

describe.for(names)('%s', (name) => {
  test('a master that may only look: the error names the admin secret, and nothing is changed', async () => {
    const { api, handMade, stored, issue, refusal } = await setUp(name);
    const like = await handMade();
    const before = await stored();
    api.hand.restrict(['read']);

    const error = await refusal(issue({ like }));

    expect(error).toMatchObject({ reason: 'access-denied', field: 'adminSecret' });
    expect(await stored()).toEqual(before);
  });

  test('a master that may not even look: nobody takes that for a key that is gone', async () => {
    const { api, provider, target, handMade, refusal } = await setUp(name);
    const credential = await handMade();
    api.hand.restrict([]);

    const error = await refusal(provider.check({ target, credential, probe: 'none', times: 1 }));

    expect(error).toMatchObject({ reason: 'access-denied', field: 'adminSecret' });
  });

  test('a master that was changed meanwhile is read again', async () => {
    const { api, provider, target, handMade } = await setUp(name);
    const { keyId } = await handMade();
    await provider.list({ target });

    api.hand.changeAdmin();
    api.hand.endSessions();

    expect((await provider.list({ target })).map((key) => key.keyId.reveal())).toEqual([keyId.reveal()]);
  });

  test('an error in an answer with status 200 is an error, and nothing is taken for gone', async () => {
    const { api, provider, target, handMade, stored, issue, refusal } = await setUp(name);
    const like = await handMade();
    const before = await stored();
    api.faults.always('error-in-200');

    await refusal(issue({ like }));
    await refusal(provider.check({ target, credential: like, probe: 'none', times: 1 }));
    await refusal(provider.list({ target }));

    expect(await stored()).toEqual(before);
  });
});

test.for(['Okta, two slots', 'a developer portal'] as const)(
  '%s: where both slots are taken, the error says who frees one, and nothing is changed',
  async (name) => {
    const { handMade, stored, issue, refusal } = await setUp(name);
    const like = await handMade();
    await handMade();
    const before = await stored();

    const error = await refusal(issue({ like, mark: markOfVersion(2) }));

    expect(error).toMatchObject({ reason: 'quota', field: 'target' });
    expect(await stored()).toEqual(before);
  },
);

test('Datadog: an organization that is full is told as one', async () => {
  // The key of the administrator, and one more.
  const { handMade, stored, issue, refusal } = await setUp('Datadog', { maxKeys: 2 });
  const like = await handMade();
  const before = await stored();

  const error = await refusal(issue({ like }));

  expect(error).toMatchObject({ reason: 'quota', field: 'target' });
  expect(await stored()).toEqual(before);
});

test('Datadog: a first key gets a name that begins with its target', async () => {
  const { stored, issue } = await setUp('Datadog');

  const { keyId } = await issue();

  expect(await stored()).toMatchObject([{ keyId: keyId.reveal(), mark: markOfVersion(1), rest: { human: 'orders' } }]);
});

test('Datadog: a key whose name has the target in it, and does not begin with it, is of another one', async () => {
  const { api, provider, target, handMade } = await setUp('Datadog');
  const own = await handMade();
  for (const name of ['orders-eu', 'old orders', 'ordersystem']) api.handMade({ target: 'organization', name });

  const keys = await provider.list({ target });

  expect(keys.map(({ keyId }) => keyId.reveal())).toEqual([own.keyId.reveal()]);
});

test('Okta: an app whose list hides the secrets is refused before anything is made', async () => {
  const { handMade, stored, issue, refusal } = await setUp('Okta, two slots', { oktaShows: 'hash' });
  const like = await handMade();
  const before = await stored();

  const error = await refusal(issue({ like }));

  expect(error).toMatchObject({ reason: 'not-yours' });
  expect(await stored()).toEqual(before);
});

test.for(['redirect', 'page', 401, 403] as const)(
  'a developer portal whose sessions end with %s goes on after a new login',
  async (withoutSession) => {
    const portal: PortalOptions = { withoutSession };
    const { api, handMade, stored, issue } = await setUp('a developer portal', { portal });
    const like = await handMade();
    await issue({ like }).then(({ keyId }) => api.hand.remove(keyId.reveal()));

    api.hand.endSessions();
    const { keyId } = await issue({ like, mark: markOfVersion(2) });

    expect((await stored()).map((key) => key.keyId)).toEqual([like.keyId.reveal(), keyId.reveal()]);
  },
);

test('a developer portal that refuses the password is asked once, and says what to put right', async () => {
  const { api, provider, target, refusal } = await setUp('a developer portal');
  const { username = '', password = '' } = api.admin();
  api.hand.changeAdmin();
  const wrong = { username, password };
  Object.assign(api, { admin: () => wrong });

  const errors = [await refusal(provider.list({ target })), await refusal(provider.list({ target }))];

  const message = expect.stringContaining('shows the login again') as string;
  for (const error of errors) expect(error).toMatchObject({ reason: 'access-denied', field: 'adminSecret', message });
  expect(api.requests().filter(({ kind, method }) => kind === 'login' && method === 'POST')).toHaveLength(1);
});

test('GitLab: a token that is over is never rotated again, which would end the one that came from it', async () => {
  const { api, handMade, stored, issue } = await setUp('GitLab, without overlap');
  const like = await handMade();
  const next = await issue({ like });

  await issue({ like, mark: markOfVersion(2) });

  const rotated = api.requests().filter(({ path }) => path.endsWith('/rotate'));
  expect(rotated.map(({ path }) => path.split('/').at(-2))).toEqual([like.keyId.reveal(), next.keyId.reveal()]);
  expect((await stored()).filter(({ enabled }) => enabled)).toHaveLength(1);
});
