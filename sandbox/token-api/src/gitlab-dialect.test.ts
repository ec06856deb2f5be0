import { expect, test } from 'vitest';

import { worldUnderTest } from './world-under-test.ts';

const project = 'acme/orders';
const path = '/api/v4/projects/acme%2Forders';

function setUp(options: { readonly maxKeys?: number } = {}) {
  const under = worldUnderTest({ dialect: 'gitlab', ...options });
  under.world.addTarget(project);
  const as = (secret: string) => ({ headers: { 'private-token': secret } });
  return {
    ...under,
    as,
    admin: () => as(under.world.admin()['token'] ?? ''),
    works: async (secret: string) => (await under.manage(`GET ${path}`, as(secret))).status === 200,
  };
}

test('rotating gives a new token with the old rights, and the old one is dead at once', async () => {
  const { world, manage, admin, works } = setUp();
  const old = world.handMade({ target: project, name: 'ci', scopes: ['read_api'] });

  const { status, json } = await manage(`POST ${path}/access_tokens/${old.keyId}/rotate`, {
    ...admin(),
    json: { expires_at: '2027-06-30' },
  });

  expect(status).toBe(200);
  expect(json).toMatchObject({ name: 'ci', scopes: ['read_api'], active: true, expires_at: '2027-06-30' });
  expect([await works(old.secret), await works(String(json['token']))]).toEqual([false, true]);
  expect(world.stored(project)).toMatchObject([{ enabled: false }, { enabled: true }]);
});

test('a rotated token lives a week where nobody says how long', async () => {
  const { world, manage, admin, wait, works } = setUp();
  const old = world.handMade({ target: project });

  const { json } = await manage(`POST ${path}/access_tokens/${old.keyId}/rotate`, admin());
  const long = await manage(`POST ${path}/access_tokens/${String(json['id'])}/rotate`, {
    ...admin(),
    json: { expires_at: '2030-01-01' },
  });
  wait(7 * 86_400_000);

  expect(json['expires_at']).toBe('2027-01-22');
  expect(long.status).toBe(400);
  expect(await works(String(json['token']))).toBe(false);
});

test('rotating a token that is dead already kills all that came from it', async () => {
  const { world, manage, admin, works } = setUp();
  const old = world.handMade({ target: project });
  const other = world.handMade({ target: project });
  const { json } = await manage(`POST ${path}/access_tokens/${old.keyId}/rotate`, admin());

  const again = await manage(`POST ${path}/access_tokens/${old.keyId}/rotate`, admin());

  expect(again.status).toBe(401);
  expect([await works(String(json['token'])), await works(other.secret)]).toEqual([false, true]);
});

test('a token rotates itself where it may', async () => {
  const { world, manage, as, works } = setUp();
  const able = world.handMade({ target: project, scopes: ['self_rotate'] });
  const unable = world.handMade({ target: project, scopes: ['read_api'] });

  const rotated = await manage(`POST ${path}/access_tokens/self/rotate`, as(able.secret));
  const refused = await manage(`POST ${path}/access_tokens/self/rotate`, as(unable.secret));

  expect([rotated.status, refused.status]).toEqual([200, 403]);
  expect([await works(able.secret), await works(unable.secret)]).toEqual([false, true]);
});

test('makes, lists and revokes', async () => {
  const { world, manage, admin, works } = setUp({ maxKeys: 1 });
  const wish = { name: 'ci', scopes: ['read_api'], expires_at: '2027-06-30' };

  const made = await manage(`POST ${path}/access_tokens`, { ...admin(), json: wish });
  const full = await manage(`POST ${path}/access_tokens`, { ...admin(), json: wish });
  const unending = await manage(`POST ${path}/access_tokens`, { ...admin(), json: { ...wish, expires_at: undefined } });
  const id = String(made.json['id']);
  const gone = await manage(`DELETE ${path}/access_tokens/${id}`, admin());
  const active = await manage(`GET ${path}/access_tokens?state=active`, admin());
  const all = await manage(`GET ${path}/access_tokens`, admin());

  expect([made.status, full.status, gone.status]).toEqual([201, 400, 204]);
  expect(unending.json).toEqual({ error: 'expires_at is missing' });
  expect(active.json['list']).toEqual([]);
  expect(all.json['list']).toMatchObject([{ revoked: true, active: false }]);
  expect(await works(String(made.json['token']))).toBe(false);
  expect(world.requests()).toHaveLength(6);
});

test('refuses strangers, who has no right, and what does not exist', async () => {
  const { world, manage, admin, as } = setUp();
  const { secret } = world.handMade({ target: project });

  const stranger = await manage(`GET ${path}/access_tokens`, as(secret));
  const nowhere = await manage('GET /api/v4/projects/nowhere/access_tokens', admin());
  world.hand.restrict([]);
  const powerless = await manage(`GET ${path}/access_tokens`, admin());

  expect([stranger.status, nowhere.status, powerless.status]).toEqual([401, 404, 403]);
  expect(nowhere.json).toEqual({ message: '404 Project Not Found' });
});
