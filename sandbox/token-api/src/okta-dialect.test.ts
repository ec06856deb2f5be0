import { expect, test } from 'vitest';

import { oktaScope } from './okta-dialect.ts';
import type { TokenApiOptions } from './simulator.ts';
import { worldUnderTest } from './world-under-test.ts';

const app = '0oa1gjh63g214q0Hq0g4';
const secrets = `/api/v1/apps/${app}/credentials/secrets`;

function setUp(options: Pick<TokenApiOptions, 'oktaShows'> = {}) {
  const under = worldUnderTest({ dialect: 'okta', ...options });
  under.world.addTarget(app);
  const admin = () => ({ headers: { authorization: `SSWS ${under.world.admin()['token']}` } });
  return {
    ...under,
    admin,
    create: (json?: object) => under.manage(`POST ${secrets}`, { ...admin(), json }),
    grant: (secret: string, form: Record<string, string> = {}) =>
      under.manage('POST /oauth2/default/v1/token', {
        headers: { authorization: `Basic ${Buffer.from(`${app}:${secret}`).toString('base64')}` },
        form: { grant_type: 'client_credentials', scope: oktaScope, ...form },
      }),
  };
}

test('makes two secrets, of which both get tokens, and no third', async () => {
  const { world, create, grant } = setUp();
  const old = world.handMade({ target: app });

  const made = await create();
  const full = await create();

  expect(made.json).toMatchObject({ status: 'ACTIVE' });
  expect(made.json['id']).toMatch(/^ocs[0-9A-Za-z]{17}$/u);
  expect([(await grant(old.secret)).status, (await grant(String(made.json['client_secret']))).status]).toEqual([
    200, 200,
  ]);
  expect(full).toMatchObject({ status: 400, json: { errorCode: 'E0000001' } });
});

test('deletes an inactive secret alone', async () => {
  const { world, manage, admin, grant } = setUp();
  const { keyId, secret } = world.handMade({ target: app });

  const early = await manage(`DELETE ${secrets}/${keyId}`, admin());
  const off = await manage(`POST ${secrets}/${keyId}/lifecycle/deactivate`, admin());
  const refused = await grant(secret);
  const on = await manage(`POST ${secrets}/${keyId}/lifecycle/activate`, admin());
  const granted = await grant(secret);
  await manage(`POST ${secrets}/${keyId}/lifecycle/deactivate`, admin());
  const gone = await manage(`DELETE ${secrets}/${keyId}`, admin());

  expect([early.status, off.status, on.status, gone.status]).toEqual([400, 200, 200, 204]);
  expect(off.json).toMatchObject({ status: 'INACTIVE' });
  expect(refused).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
  expect(granted.json).toMatchObject({ token_type: 'Bearer', scope: oktaScope });
  expect(world.stored(app)).toEqual([]);
});

test('takes a secret of ours, inactive at first', async () => {
  const { create, grant, world } = setUp();

  const { json } = await create({ client_secret: 'a-secret-of-our-own-choice', status: 'INACTIVE' });

  expect(json).toMatchObject({ client_secret: 'a-secret-of-our-own-choice', status: 'INACTIVE' });
  expect((await grant('a-secret-of-our-own-choice')).status).toBe(401);
  expect(world.stored(app)).toMatchObject([{ enabled: false }]);
});

test.for([
  ['hash', false],
  ['secret', true],
  ['nothing', false],
] as const)('shows the %s of a secret later on', async ([oktaShows, shown]) => {
  const { world, manage, admin } = setUp({ oktaShows });
  const { secret } = world.handMade({ target: app });

  const { json, text } = await manage(`GET ${secrets}`, admin());

  const [first] = json['list'] as Record<string, unknown>[];
  expect(text.includes(secret)).toBe(shown);
  expect(first?.['secret_hash']).toHaveLength(22);
  expect(first !== undefined && 'client_secret' in first).toBe(oktaShows !== 'nothing');
});

test('refuses strangers, who has no right, what does not exist, and a grant without its scope', async () => {
  const { world, manage, admin, create, grant } = setUp();
  const { secret } = world.handMade({ target: app });

  const stranger = await manage(`GET ${secrets}`);
  const nowhere = await manage('GET /api/v1/apps/0oaNothing/credentials/secrets', admin());
  world.hand.restrict(['read']);
  const reader = await create();
  const scope = await grant(secret, { scope: 'admin' });

  expect([stranger, nowhere, reader].map(({ json }) => json['errorCode'])).toEqual([
    'E0000011',
    'E0000007',
    'E0000006',
  ]);
  expect(scope.json).toMatchObject({ error: 'invalid_scope' });
});
