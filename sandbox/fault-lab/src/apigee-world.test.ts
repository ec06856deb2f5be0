import { execFile } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';

import { credential, type Credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { counted, labClock } from './apigee-lab.conformance.ts';
import { apigeeLab } from './apigee-world.ts';
import type { Reach } from './lab-provider.ts';

const mints = ['chosen', 'generated'] as const;
type Mint = (typeof mints)[number];

const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders/apigee-AbCdEf';
const marks = ['v-old', 'v-new'].map((version) => formatMark(markOf(secretArn, version, 'test')));
const [oldMark = '', newMark = ''] = marks;

/** A lab whose calls are counted; `meet` decides what becomes of the nth of them, from 0. */
function lab(mint: Mint, meet: (nth: number, run: () => unknown) => unknown = (_, run) => run()) {
  const clock = labClock();
  const names: string[] = [];
  const texts: string[] = [];
  const next = counted();
  const newText = () => {
    texts.push(next());
    return texts.at(-1)!;
  };
  const reach: Reach = async (name, run) => {
    names.push(name);
    return (await meet(names.length - 1, run)) as never;
  };
  const { provider, apigee } = apigeeLab(mint, { clock, reach, newText });
  const [target] = provider.targets;
  return { provider, apigee, target, clock, names, texts, current: provider.handMade({ target, mark: oldMark }) };
}
type Lab = ReturnType<typeof lab>;

const plain = ({ keyId, secret }: Credential) => ({ keyId: keyId.reveal(), secret: secret.reveal() });

/** A key is issued, checked, listed, and the one before it is retired. */
async function rotate({ provider, target, clock, current }: Lab): Promise<unknown[]> {
  const { issue, retire } = provider;
  const old = { target, keyId: current.keyId, mark: oldMark };
  const next = await issue.propose({ target, mark: newMark, like: current, entitlements: [] });
  await issue.ensure({ target, mark: newMark, like: current, entitlements: [], credential: next, approve: false });
  const early = await issue.check({ target, credential: next, probe: 'credential', times: 3 });
  await clock.sleep(40_000);
  const late = await issue.check({ target, credential: next, probe: 'credential', times: 3 });
  const random = await issue.check({ target, credential: next, probe: 'random', times: 1 });
  await retire.disable(old);
  await retire.remove(old);
  const list = await issue.list({ target });
  return [
    plain(next),
    early,
    late,
    random,
    list.map(({ keyId, state, mark, issuedAt }) => [keyId.reveal(), state, mark, issuedAt]),
  ];
}

test.each(mints)('makes the same calls with the same answers in every run (%s)', async (mint) => {
  // Some calls fail, so that the pauses between attempts count too.
  const faulty = () =>
    lab(mint, (nth, run) => {
      if (nth % 4 === 1) throw new TransientError('no answer');
      return run();
    });

  const [one, other] = [faulty(), faulty()];
  const said = [await rotate(one), await rotate(other)];

  expect(said[1]).toEqual(said[0]);
  expect(other.names).toEqual(one.names);
  expect(other.provider.stored(other.target)).toEqual(one.provider.stored(one.target));
  expect(other.apigee.app('orders')).toEqual(one.apigee.app('orders'));
  expect(other.apigee.requests()).toEqual(one.apigee.requests());
  expect(other.texts).toEqual(one.texts);
  expect(other.clock.now()).toBe(one.clock.now());
  expect(one.names.length).toBeGreaterThan(20);
  expect(said[0]).toMatchObject([
    {},
    { use: { outcome: 'rejected', final: false } },
    { key: { state: 'enabled', secretMatches: true, mark: newMark }, use: { outcome: 'accepted' } },
    { use: { outcome: 'rejected' } },
    [[expect.any(String), 'enabled', newMark, expect.any(Number)]],
  ]);
});

test.each(mints)('names calls by method and kind, and shows no key (%s)', async (mint) => {
  const world = lab(mint);
  await rotate(world);

  expect(world.texts.length).toBeGreaterThan(3);
  expect(world.names.filter((name) => world.texts.some((text) => name.includes(text)))).toEqual([]);
  expect([...new Set(world.names)].sort()).toEqual([
    'apigee DELETE delete the key',
    'apigee GET read the app',
    'apigee GET read the key',
    'apigee GET read the owner',
    ...(mint === 'chosen' ? ['apigee POST create the key'] : ['apigee POST make a key']),
    'apigee POST revoke the key',
    'apigee POST update the key',
    ...(mint === 'chosen' ? ['apigee PUT set the scopes'] : []),
    'gateway GET probe orders',
    'google POST ask for an access token',
  ]);
});

test('a check asks for app and owner at once, always the app first, and then one node after the other', async () => {
  const world = lab('chosen');
  await rotate(world);
  const from = world.names.length;
  const all = { target: world.target, credential: world.current, probe: 'random', times: 1 } as const;

  await Promise.all([world.provider.issue.check(all), world.provider.retire.list({ target: world.target })]);

  expect(world.names.slice(from)).toEqual([
    'apigee GET read the app',
    'apigee GET read the owner',
    'apigee GET read the app',
    'apigee GET read the owner',
    'gateway GET probe orders',
  ]);
});

const never = () => new Promise<never>(() => {});

test.each(mints)('a call that never comes back leaves all as before it, or as after it (%s)', async (mint) => {
  const states: unknown[] = [];
  const reference: Lab = lab(mint, async (_, run) => {
    states.push(reference.provider.stored(reference.target));
    return run();
  });
  await rotate(reference);
  states.push(reference.provider.stored(reference.target));
  expect(new Set(states.map((state) => JSON.stringify(state))).size).toBeGreaterThan(4);

  for (const nth of reference.names.keys()) {
    const before = lab(mint, (at, run) => (at === nth ? never() : run()));
    const after = lab(mint, async (at, run) => {
      const answer = await run();
      return at === nth ? never() : answer;
    });
    for (const world of [before, after]) void rotate(world);
    await setImmediate();

    for (const { names } of [before, after]) {
      expect(names.slice(0, nth + 1)).toEqual(reference.names.slice(0, nth + 1));
      // It went out together with the one that hangs.
      expect(names.slice(nth + 1).filter((name) => name !== 'apigee GET read the owner')).toEqual([]);
    }
    expect(before.provider.stored(before.target)).toEqual(states[nth]);
    expect(after.provider.stored(after.target)).toEqual(states[nth + 1]);
  }
});

test.each(mints)('whoever comes after a process that hangs goes on where it stopped (%s)', async (mint) => {
  const calls = lab(mint);
  await rotate(calls);

  for (const nth of calls.names.keys()) {
    const world = lab(mint, (at, run) => (at === nth ? never() : run()));
    void rotate(world);
    await setImmediate();
    const { issue, retire } = world.provider;
    const asked = { target: world.target, mark: newMark, like: undefined, entitlements: ['product:orders'] };

    await issue.ensure({ ...asked, credential: await anyKey(world, mint), approve: false }).catch(() => undefined);
    const [listed, checked] = await Promise.all([
      retire.list(asked),
      issue.check({ ...asked, credential: world.current, probe: 'credential', times: 1 }),
    ]);

    expect(listed.map(({ keyId }) => keyId.reveal()).sort()).toEqual(
      world.provider
        .stored(world.target)
        .map(({ keyId }) => keyId)
        .sort(),
    );
    expect(checked.use.outcome).toMatch(/accepted|rejected/);
  }
});

async function anyKey({ provider, target, current }: Lab, mint: Mint): Promise<Credential> {
  if (mint === 'chosen') return provider.issue.propose({ target, mark: newMark, like: current, entitlements: [] });
  const { keyId, secret } = provider.stored(target).at(-1)!;
  return credential(keyId, secret);
}

test('tells what each node says of a key, and no node remembers that it was asked', async () => {
  const { provider, target, clock, current, names } = lab('chosen');
  const asked = { target, mark: newMark, like: current, entitlements: [] };
  const next = await provider.issue.propose(asked);
  const unknown = provider.acceptedBy(next);
  await provider.issue.ensure({ ...asked, credential: next, approve: false });
  const calls = names.length;

  const seen = [0, 7999, 1, 22_000].map((ms) => {
    void clock.sleep(ms);
    return provider.acceptedBy(next);
  });

  expect(unknown).toEqual([false, false, false]);
  // Of the two that are late one would go on refusing, had it been a request.
  expect(seen).toEqual([
    [false, false, true],
    [false, false, true],
    [true, false, true],
    [true, true, true],
  ]);
  expect(provider.acceptedBy(current)).toEqual([true, true, true]);
  expect(names).toHaveLength(calls);
});

test('shows what a person does in the console, a second time too', async () => {
  const { provider, target, current, clock, names } = lab('chosen');
  const { hand } = provider;
  const keyId = current.keyId.reveal();
  const look = () => provider.stored(target).map(({ enabled, entitlements }) => ({ enabled, entitlements }));
  const usual = ['product:orders', 'scope:read'];

  const seen = [
    () => hand.disable(target, keyId),
    () => hand.enable(target, keyId),
    () => hand.changeEntitlements(target),
    () => hand.changeEntitlements(target),
    () => hand.changeEntitlements(target),
  ].map((act) => {
    act();
    return look();
  });
  hand.switchOff(target);
  await clock.sleep(180_000);
  const off = provider.acceptedBy(current);
  hand.switchOn(target);
  await clock.sleep(20_000);
  const on = provider.acceptedBy(current);
  for (const one of [keyId, keyId, 'unheard-of']) hand.remove(target, one);
  hand.disable(target, keyId);

  expect(seen).toEqual([
    [{ enabled: false, entitlements: usual }],
    [{ enabled: true, entitlements: usual }],
    [{ enabled: true, entitlements: ['product:orders', 'product:orders-admin', 'scope:read'] }],
    [{ enabled: true, entitlements: usual }],
    [{ enabled: true, entitlements: ['product:orders', 'product:orders-admin', 'scope:read'] }],
  ]);
  expect([off, on]).toEqual([
    [false, false, false],
    [true, true, true],
  ]);
  expect(provider.stored(target)).toEqual([]);
  expect(names).toEqual([]);
});

test('nothing of one world is in another one, and two targets are there with a key apart each', () => {
  const [{ provider, target, current }, other] = [lab('chosen'), lab('chosen')];
  const [, otherTarget] = provider.targets;
  const made = provider.handMade({ target: otherTarget });

  other.provider.hand.remove(target, current.keyId.reveal());

  expect(other.provider.stored(target)).toEqual([]);
  expect(provider.stored(target)).toMatchObject([{ ...plain(current), mark: oldMark, enabled: true }]);
  expect(provider.stored(otherTarget)).toMatchObject([{ ...plain(made), mark: undefined }]);
});

const leftBehind = `
  import { apigeeLabProvider } from ${JSON.stringify(import.meta.resolve('./apigee-world.ts'))};
  const clock = { now: () => 0, sleep: async () => {} };
  const options = { clock, reach: async (_, run) => run(), newText: () => 'text' };
  const { issue, targets, handMade } = apigeeLabProvider('chosen', options);
  const credential = handMade({ target: targets[0] });
  const { use } = await issue.check({ target: targets[0], credential, probe: 'credential', times: 3 });
  const held = process.getActiveResourcesInfo().filter((one) => !/^(Pipe|TTY|FS|Close)/.test(one));
  console.log(use.outcome, held.length);
`;

test('leaves no timer and no socket behind', async () => {
  const child = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', leftBehind], {
    cwd: import.meta.dirname,
    timeout: 20_000,
  });

  expect((await child).stdout).toBe('accepted 0\n');
});
