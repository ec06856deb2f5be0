import { expect, test } from 'vitest';
import { app, appPath, send, simulatorUnderTest, type UnderTest } from './simulator-under-test.ts';

const nodes = [
  { propagationMs: 0, revocationMs: 0, negativeMs: 0 },
  { propagationMs: 1000, productPropagationMs: 3000, revocationMs: 5000, negativeMs: 0 },
  { propagationMs: 1000, revocationMs: 8000, negativeMs: 10_000 },
];

/** Which nodes accept the key, one letter a node. */
async function accepted({ simulator }: UnderTest, key: string): Promise<string> {
  const answers = await Promise.all(
    simulator.nodeUrls.map((url) => send(`${url}/orders`, { headers: { 'x-apikey': key } })),
  );
  return answers.map(({ status }) => (status === 200 ? 'y' : 'n')).join('');
}

async function addKey({ manage }: UnderTest): Promise<void> {
  await manage('POST', `${appPath}/keys/create`, { json: { consumerKey: 'k', consumerSecret: 's' } });
  await manage('POST', `${appPath}/keys/k`, { json: { apiProducts: ['orders-v1'] } });
}

test('a new key and its product reach each node after its own delays', async () => {
  const underTest = await simulatorUnderTest({ nodes });

  await addKey(underTest);
  underTest.wait(1000);
  expect(await accepted(underTest, 'k')).toBe('yny');

  underTest.wait(1999);
  expect(await accepted(underTest, 'k')).toBe('yny');

  underTest.wait(1);
  expect(await accepted(underTest, 'k')).toBe('yyy');
});

test('a node that once did not know a key goes on refusing it, and only that key', async () => {
  const underTest = await simulatorUnderTest({ nodes });

  await addKey(underTest);
  expect(await accepted(underTest, 'k')).toBe('ynn');

  underTest.wait(9999);
  expect(await accepted(underTest, 'k')).toBe('yyn');
  expect(await accepted(underTest, 'hand-made')).toBe('yyy');

  underTest.wait(1);
  expect(await accepted(underTest, 'k')).toBe('yyy');
});

test('a refusal does not lengthen the time for which the next ones are sure', async () => {
  const underTest = await simulatorUnderTest({ nodes });
  await accepted(underTest, 'k');
  await addKey(underTest);

  for (let waited = 0; waited < 10_000; waited += 2500) {
    await accepted(underTest, 'k');
    underTest.wait(2500);
  }

  expect(await accepted(underTest, 'k')).toBe('yyy');
});

test.each([
  ['revoked', (one: UnderTest) => one.act(`${appPath}/keys/hand-made`, 'revoke')],
  ['deleted', (one: UnderTest) => one.manage('DELETE', `${appPath}/keys/hand-made`)],
  [
    'taken off its product',
    (one: UnderTest) => one.manage('DELETE', `${appPath}/keys/hand-made/apiproducts/orders-v1`),
  ],
  ['in a revoked app', (one: UnderTest) => one.act(appPath, 'revoke')],
])('a key that was %s stays accepted until the cache of each node ends', async (_, undo) => {
  const underTest = await simulatorUnderTest({ nodes });

  await undo(underTest);
  expect(await accepted(underTest, 'hand-made')).toBe('nyy');

  underTest.wait(4999);
  expect(await accepted(underTest, 'hand-made')).toBe('nyy');

  underTest.wait(1);
  expect(await accepted(underTest, 'hand-made')).toBe('nny');

  underTest.wait(3000);
  expect(await accepted(underTest, 'hand-made')).toBe('nnn');
});

test('approving a key again takes the propagation delay, and overtakes a revocation that has not arrived', async () => {
  const underTest = await simulatorUnderTest({ nodes });
  const key = `${appPath}/keys/hand-made`;

  await underTest.act(key, 'revoke');
  underTest.wait(2000);
  await underTest.act(key, 'approve');
  underTest.wait(6000);

  expect(await accepted(underTest, 'hand-made')).toBe('yyy');

  await underTest.act(key, 'revoke');
  underTest.wait(8000);
  await underTest.act(key, 'approve');
  expect(await accepted(underTest, 'hand-made')).toBe('ynn');
  underTest.wait(1000);
  expect(await accepted(underTest, 'hand-made')).toBe('yyy');
});

test('a key that is put back after its deletion is a new key to each node', async () => {
  const underTest = await simulatorUnderTest({ nodes: nodes.map((node) => ({ ...node, negativeMs: 0 })) });
  await underTest.manage('DELETE', `${appPath}/keys/hand-made`);
  underTest.wait(8000);

  underTest.simulator.hand.addKey(app, { consumerKey: 'hand-made', consumerSecret: 'x', products: ['orders-v1'] });

  expect(await accepted(underTest, 'hand-made')).toBe('ynn');
  underTest.wait(3000);
  expect(await accepted(underTest, 'hand-made')).toBe('yyy');
});

test('a key that is added revoked is never accepted', async () => {
  const underTest = await simulatorUnderTest({ nodes });
  const { hand } = underTest.simulator;

  hand.addKey(app, { consumerKey: 'dead', consumerSecret: 's', status: 'revoked', products: ['orders-v1'] });

  for (const ms of [1000, 3000, 10_000]) {
    underTest.wait(ms);
    expect(await accepted(underTest, 'dead')).toBe('nnn');
  }
});
