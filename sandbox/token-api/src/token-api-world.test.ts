import { expect, test } from 'vitest';

import { tokenApiSimulator } from './token-api-simulator.ts';
import { worldUnderTest } from './world-under-test.ts';

const slow = [
  { propagationMs: 0, revocationMs: 3000, negativeMs: 0 },
  { propagationMs: 2000, revocationMs: 0, negativeMs: 1000 },
];

function setUp() {
  const under = worldUnderTest({ dialect: 'keys', nodes: slow });
  under.world.addTarget('orders');
  const sent = (json?: object) => ({ headers: { authorization: `Bearer ${under.world.admin()['token']}` }, json });
  return { ...under, sent, create: () => under.manage('POST /projects/orders/keys', sent({ name: 'mine' })) };
}

test('every node hears of a new key and of a dead one after its own time', async () => {
  const { world, wait, create, manage, sent } = setUp();
  const made = world.handMade({ target: 'orders' });

  expect(world.acceptedBy(made.secret)).toEqual([true, true]);
  const secret = String((await create()).json['secret']);
  const id = world.stored('orders')[1]?.keyId ?? '';
  expect(world.acceptedBy(secret)).toEqual([true, false]);
  wait(2000);
  expect(world.acceptedBy(secret)).toEqual([true, true]);
  await manage(`DELETE /projects/orders/keys/${id}`, sent());
  expect(world.acceptedBy(secret)).toEqual([true, false]);
  wait(3000);
  expect(world.acceptedBy(secret)).toEqual([false, false]);
});

test('a node that once did not know a key goes on refusing it for a while', async () => {
  const { world, wait, create, use } = setUp();
  const secret = String((await create()).json['secret']);
  const call = async () =>
    (await use('GET /orders', { headers: { authorization: `Bearer ${secret}` } })).status === 200;

  wait(1999);
  const early = [await call(), await call()];
  wait(1);
  const refused = world.acceptedBy(secret);
  wait(1000);
  const late = [await call(), await call()];

  expect([early, refused, late]).toEqual([
    [true, false],
    [true, false],
    [true, true],
  ]);
});

test('an expired key and a key of a target that is off are no keys', async () => {
  const { world, wait, now } = setUp();
  const expiring = world.handMade({ target: 'orders', expiresAt: now() + 1000 });
  const lasting = world.handMade({ target: 'orders' });

  wait(1000);
  expect(world.acceptedBy(expiring.secret)).toEqual([false, false]);
  world.hand.switchOff('orders');
  wait(3000);
  expect(world.acceptedBy(lasting.secret)).toEqual([false, false]);
  world.hand.switchOn('orders');
  wait(2000);
  expect(world.acceptedBy(lasting.secret)).toEqual([true, true]);
});

test('an answer that is lost comes after its effect, an outage before', async () => {
  const { world, create } = setUp();

  world.faults.loseAnswer(2);
  const [first, lost, third] = [await create(), await create(), await create()];
  world.faults.failBefore(1);
  const down = await create();
  world.faults.calm();

  expect([first.status, lost.status, third.status, down.status]).toEqual([201, undefined, 201, 503]);
  expect(world.stored('orders')).toHaveLength(3);
});

test.for([
  ['throttled', 429],
  ['unavailable', 503],
  ['denied', 403],
  ['nonsense', 200],
  ['error-in-200', 200],
] as const)('where all is %s, every request meets it and nothing happens', async ([trouble, status]) => {
  const { world, create } = setUp();

  world.faults.always(trouble);
  const answer = await create();

  expect(answer.status).toBe(status);
  expect(answer.text).toContain(trouble === 'nonsense' ? 'Checking you' : 'error');
  expect(world.stored('orders')).toEqual([]);
});

test('what a person does in the console is no request, and nothing happens to a key that is gone', () => {
  const { world } = setUp();
  const { keyId } = world.handMade({ target: 'orders', name: 'mine', scopes: ['read'] });

  world.hand.rename(keyId, 'yours');
  world.hand.setScopes(keyId, ['write']);
  world.hand.disable(keyId);
  const before = world.stored('orders');
  world.hand.remove(keyId);
  world.hand.enable(keyId);

  expect(before).toMatchObject([{ name: 'yours', scopes: ['write'], enabled: false }]);
  expect(world.stored('orders')).toEqual([]);
  expect(world.requests()).toEqual([]);
});

test('keeps a log of requests without any value of them', async () => {
  const { world, create } = setUp();

  const { json } = await create();

  const log = JSON.stringify(world.requests());
  expect(log).toContain('"kind":"write","method":"POST","path":"/projects/orders/keys","status":201');
  for (const secret of [json['secret'], ...world.confidential()]) expect(log).not.toContain(secret);
});

test('answers over loopback HTTP, too', async () => {
  await using simulator = await disposable();
  const { world, managementUrl, gatewayUrl, nodeUrls } = simulator;
  const { secret } = world.handMade({ target: 'orders' });

  const answers = await Promise.all(
    [`${managementUrl}/projects/orders/keys`, `${gatewayUrl}/orders`, ...nodeUrls].map((url, index) =>
      fetch(url, { headers: { authorization: `Bearer ${index === 0 ? world.admin()['token'] : secret}` } }),
    ),
  );

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
});

async function disposable() {
  const world = await tokenApiSimulator({ dialect: 'keys' });
  world.addTarget('orders');
  return { ...world, world, [Symbol.asyncDispose]: world.close };
}
