import type { Attribute, Flavour } from '@keyturn/apigee-simulator/simulator';
import type { Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test } from 'vitest';

import { simulatedApigee, targetsOf, type OwnerKind } from './simulated-apigee.conformance.ts';

const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/${name}-AbCdEf`;
const markFor = (version: number, secret = 'key') => formatMark(markOf(arn(secret), `0000000${version}`, 'test'));
const mark = markFor(2);
const minute = 60_000;
const json = { 'content-type': 'application/json' };

type Wish = {
  readonly flavour?: Flavour;
  readonly owner?: OwnerKind;
  readonly unsettled?: NonNullable<Parameters<typeof simulatedApigee>[0]>['simulator'];
  readonly app?: { readonly attributes?: readonly Attribute[]; readonly callbackUrl?: string };
};

async function setUp({ flavour = 'x', owner = 'developers', unsettled = {}, app = {} }: Wish = {}) {
  const simulated = await simulatedApigee({ flavour, mint: 'generated', simulator: unsettled });
  onTestFinished(() => simulated.close());
  const { provider, apigee, appOf } = simulated;
  const { target } = targetsOf(owner);
  const where = appOf(target);
  simulated.seedApp(target, app);
  return {
    ...simulated,
    target,
    handMade: (key: Parameters<typeof simulated.handMade>[0] = {}) => simulated.handMade({ target, ...key }),
    propose: (like: Credential | undefined, of = mark) =>
      provider.propose({ target, mark: of, like, entitlements: like === undefined ? ['product:orders'] : [] }),
    app: () => apigee.app(where),
    keys: () => apigee.keys(where),
    ids: () => apigee.keys(where).map(({ consumerKey }) => consumerKey),
    stored: (of: Credential) => apigee.keys(where).find((key) => key.consumerKey === of.keyId.reveal()),
    /** From the first write on that matches, nothing comes back, until `calm`. */
    dieAt: (method: string, part: string) => {
      let dead = false;
      simulated.interfere((request) => {
        if (request.method === method && request.url.includes(part)) dead = true;
        return dead ? { status: 503 } : 'pass';
      });
    },
    calm: () => simulated.interfere(() => 'pass'),
  };
}

type Bench = Awaited<ReturnType<typeof setUp>>;

/** The mint takes effect, and neither its answer nor anything after it comes back: what a crash leaves. */
async function crash({ propose, interfere, calm }: Bench, like: Credential | undefined, of = mark): Promise<void> {
  let dead = false;
  interfere(({ method, url }) => {
    if (dead) return { status: 503 };
    dead = method !== 'GET' && !url.includes('/keys/');
    return dead ? 'lose' : 'pass';
  });
  await expect(propose(like, of)).rejects.toMatchObject({ name: 'TransientError' });
  calm();
}

const words = {
  attributes: [
    { name: 'DisplayName', value: 'Orders' },
    { name: 'Notes', value: 'call Ann' },
  ],
  callbackUrl: 'https://orders.example.com/callback',
};
const places: readonly (readonly [Flavour, OwnerKind])[] = [
  ['x', 'developers'],
  ['x', 'appgroups'],
  ['edge', 'companies'],
  ['opdk', 'developers'],
];

test.each(places)(
  'on %s %s a key is made with products and scopes of the current one, and the app keeps its words',
  async (flavour, owner) => {
    const bench = await setUp({ flavour, owner, app: words });
    const products = [
      'orders',
      { name: 'orders-admin', status: 'approved' },
      { name: 'invoices', status: 'revoked' },
    ] as const;
    const like = bench.handMade({ products, scopes: ['write', 'read'] });

    const made = await bench.propose(like);

    expect(bench.stored(made)).toMatchObject({
      products: [
        { name: 'orders', status: 'approved' },
        { name: 'orders-admin', status: 'approved' },
      ],
      scopes: ['write', 'read'],
      attributes: [
        { name: 'keyturn', value: mark },
        { name: 'keyturn-proposed', value: 'true' },
      ],
      expiresAt: null,
    });
    const { attributes, callbackUrl } = bench.app();
    expect(callbackUrl).toBe(words.callbackUrl);
    expect(attributes.slice(0, 2)).toEqual(words.attributes);
    expect(attributes[2]?.value.split(' ')[0]).toBe(mark);
    expect(JSON.stringify(attributes)).not.toContain(like.keyId.reveal().slice(0, 12));
  },
);

test('the first key of an empty secret is made as the policy says', async () => {
  const { propose, stored } = await setUp();

  const made = await propose(undefined);

  expect(stored(made)).toMatchObject({ products: [{ name: 'orders', status: 'approved' }], scopes: [] });
});

test.each(places)(
  'on %s %s what a crash left without a mark is the key of the next attempt for the same version',
  async (flavour, owner) => {
    const bench = await setUp({ flavour, owner });
    const like = bench.handMade();
    bench.handMade();
    await crash(bench, like);
    const left = bench.ids();

    const made = await bench.propose(like);

    expect(left).toHaveLength(3);
    expect(bench.ids()).toEqual(left);
    expect(made.keyId.reveal()).toBe(left[2]);
    expect(bench.stored(made)?.attributes).toContainEqual({ name: 'keyturn', value: mark });
  },
);

test.each(places)(
  'on %s %s what a crash left without a mark gets the mark of its version from an attempt for another one',
  async (flavour, owner) => {
    const bench = await setUp({ flavour, owner });
    const like = bench.handMade();
    await crash(bench, like);
    const [, left = ''] = bench.ids();

    const made = await bench.propose(like, markFor(3));

    const marks = bench
      .keys()
      .map(({ consumerKey, attributes }) => [consumerKey, attributes.find(({ name }) => name === 'keyturn')?.value]);
    expect(Object.fromEntries(marks)).toEqual({
      [like.keyId.reveal()]: undefined,
      [left]: mark,
      [made.keyId.reveal()]: markFor(3),
    });
  },
);

test('nothing is ever removed: whoever issues needs no right to delete', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  await crash(bench, like);
  await bench.propose(like, markFor(3));
  await bench.propose(like, markFor(3));

  expect(bench.calls.filter((id) => id.includes('delete'))).toEqual([]);
});

test('after a lost answer the key that was made is found, and no other one is made', async () => {
  const { handMade, propose, interfere, keys, stored, calls } = await setUp();
  const like = handMade();
  interfere(({ method, url }) => (method === 'POST' && !url.includes('/keys/') ? 'lose' : 'pass'));

  const made = await propose(like);

  expect(keys()).toHaveLength(2);
  expect(stored(made)?.attributes).toContainEqual({ name: 'keyturn', value: mark });
  expect(calls.filter((id) => id.includes('generateKeyPair'))).toHaveLength(1);
});

test.each([
  { status: 200, headers: json, body: '<html>' } as const,
  { status: 503 } as const,
  { status: 429 } as const,
])(
  'a mint that failed before it had an effect is told as it was, and never repeated within one attempt: %j',
  async (reply) => {
    const { handMade, propose, interfere, keys, calls } = await setUp();
    const like = handMade();
    interfere(({ method, url }) => (method === 'POST' && !url.includes('/keys/') ? reply : 'pass'));

    await expect(propose(like)).rejects.toMatchObject({
      name: expect.stringMatching(/^(Transient|Permanent)Error$/) as string,
    });

    expect(keys()).toHaveLength(1);
    expect(calls.filter((id) => id.includes('generateKeyPair'))).toHaveLength(1);
  },
);

test('a person who makes a key in the same minute as a lost one keeps it: nobody knows which is whose', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  await crash(bench, like);
  const before = [...bench.ids(), bench.handMade().keyId.reveal()].sort();

  await expect(bench.propose(like)).rejects.toMatchObject({
    reason: 'key-conflict',
    field: 'target',
    message: expect.stringContaining(bench.target) as string,
  });

  expect(bench.ids().sort()).toEqual(before);
});

test('a key that a person made later, or earlier, is never a leftover', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  await crash(bench, like);
  // Somebody removed what was left, and made a key of their own.
  const [, left = ''] = bench.ids();
  bench.apigee.hand.deleteKey(bench.appOf(bench.target), left);
  const earlier = bench.handMade({ issuedAt: bench.clock.now() - 2 * minute });
  await bench.clock.sleep(3 * minute);
  const later = bench.handMade();

  const made = await bench.propose(like);

  const kept = [like, earlier, later, made].map(({ keyId }) => keyId.reveal());
  expect(bench.ids().sort()).toEqual(kept.sort());
});

test('a key that got its mark settles its intent: what a person made beside it stays', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  const first = await bench.propose(like);
  const byAPerson = bench.handMade();

  const second = await bench.propose(like, markFor(3));

  const kept = [like, first, byAPerson, second].map(({ keyId }) => keyId.reveal());
  expect(bench.ids().sort()).toEqual(kept.sort());
});

test('the current key is never a leftover, even where it was pasted a moment after the loss', async () => {
  const bench = await setUp();
  const old = bench.handMade();
  await crash(bench, old);
  const [, left = ''] = bench.ids();
  const pasted = bench.handMade();

  const made = await bench.propose(pasted, markFor(3));

  const known = [old, pasted, made].map(({ keyId }) => keyId.reveal());
  expect(bench.ids().sort()).toEqual([left, ...known].sort());
  expect(bench.stored(pasted)?.attributes).toEqual([{ name: 'Team', value: 'Orders' }]);
});

test('two secrets with keys in one app find their own leftovers, whoever mints in between', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  await crash(bench, like);
  const [, left = ''] = bench.ids();

  const others = await bench.propose(like, markFor(1, 'other'));
  const made = await bench.propose(like);

  expect(made.keyId.reveal()).toBe(left);
  expect(bench.ids().sort()).toEqual([like, others, made].map(({ keyId }) => keyId.reveal()).sort());
});

test('a key that somebody else makes at the same moment is left to the next attempt', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  let theirs = '';
  bench.interfere(({ method, url }) => {
    if (method === 'POST' && !url.includes('/keys/'))
      theirs = bench.handMade({ attributes: [{ name: 'keyturn', value: markFor(1, 'other') }] }).keyId.reveal();
    return 'pass';
  });
  await expect(bench.propose(like)).rejects.toMatchObject({ name: 'TransientError' });
  bench.calm();

  const made = await bench.propose(like);

  expect(bench.ids().sort()).toEqual([like.keyId.reveal(), theirs, made.keyId.reveal()].sort());
});

test.each<[string, NonNullable<Wish['app']>, RegExp]>([
  [
    'attributes',
    { attributes: Array.from({ length: 18 }, (_, index) => ({ name: `a${index}`, value: '' })) },
    /18 attributes/,
  ],
])('an app without room for the intent gets no key: %s', async (_, app, message) => {
  const { handMade, propose, calls } = await setUp({ app });
  const like = handMade();

  await expect(propose(like)).rejects.toMatchObject({
    reason: 'quota',
    field: 'target',
    message: expect.stringMatching(message) as string,
  });

  expect(calls).toEqual(['organizations.developers.apps.get']);
});

test('an app with 18 attributes, one of which holds the intent, is no obstacle', async () => {
  const attributes = Array.from({ length: 17 }, (_, index) => ({ name: `a${index}`, value: 'b' }));
  const { handMade, propose, app } = await setUp({ app: { attributes } });
  const like = handMade();

  await propose(like, markFor(1));
  await propose(like);

  expect(app().attributes).toHaveLength(18);
});

test('a mint that is answered without a key says what to do', async () => {
  const { handMade, propose, keys } = await setUp({ flavour: 'opdk' });
  const like = handMade({ products: [{ name: 'orders', status: 'revoked' }] });

  await expect(propose(like)).rejects.toMatchObject({ reason: 'provider-refused', field: 'entitlements' });

  expect(keys()).toHaveLength(1);
});

test('once a key went through ensure it is nobody’s leftover, and bears nothing but the mark', async () => {
  const { provider, target, handMade, propose, stored } = await setUp();
  const like = handMade();
  const credential = await propose(like);
  await provider.ensure({ target, credential, like, entitlements: [], mark, approve: false });

  await expect(propose(like)).rejects.toMatchObject({ reason: 'key-conflict', field: 'mark' });

  expect(stored(credential)?.attributes).toEqual([
    { name: 'Team', value: 'Orders' },
    { name: 'keyturn', value: mark },
  ]);
});

test('Apigee alone makes the keys that it chooses: one that is gone is not imported', async () => {
  const { provider, target, handMade, propose, apigee, appOf, keys } = await setUp();
  const like = handMade();
  const credential = await propose(like);
  apigee.hand.deleteKey(appOf(target), credential.keyId.reveal());

  const ensuring = provider.ensure({ target, credential, like, entitlements: [], mark, approve: false });

  await expect(ensuring).rejects.toMatchObject({ reason: 'key-disabled', field: 'key' });
  expect(keys()).toHaveLength(1);
});

test('a mark that is none of ours is never written', async () => {
  const { handMade, propose, keys } = await setUp();
  const like = handMade();

  await expect(propose(like, 'mine')).rejects.toMatchObject({ reason: 'malformed', field: 'mark' });

  expect(keys()).toHaveLength(1);
});

test('a key that a person made beside a lost one stays, also where the attempt after that made none', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  await bench.propose(like);
  const byAPerson = bench.handMade();
  bench.interfere(({ method, url }) => (method !== 'GET' && !url.includes('/keys/') ? { status: 503 } : 'pass'));
  await bench.propose(like).catch(() => undefined);
  bench.calm();

  const made = await bench.propose(like);

  const kept = [like, byAPerson, made].map(({ keyId }) => keyId.reveal());
  expect(bench.ids().sort()).toEqual(kept.sort());
});

test('a key that a person made beside one that was retired since is never removed', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  const abandoned = await bench.propose(like);
  const byAPerson = bench.handMade();
  await bench.clock.sleep(40 * minute);
  bench.apigee.hand.deleteKey(bench.appOf(bench.target), abandoned.keyId.reveal());

  await expect(bench.propose(like, markFor(3))).rejects.toMatchObject({ reason: 'key-conflict', field: 'target' });

  expect(bench.ids().sort()).toEqual([like, byAPerson].map(({ keyId }) => keyId.reveal()).sort());
});

test('asked again it answers with the key that it made, and needs nobody who may delete', async () => {
  const bench = await setUp();
  const like = bench.handMade();
  const first = await bench.propose(like);
  bench.interfere(({ method }) => (method === 'DELETE' ? { status: 403 } : 'pass'));

  const again = await bench.propose(like);

  expect([again.keyId.reveal(), again.secret.reveal()]).toEqual([first.keyId.reveal(), first.secret.reveal()]);
  expect(bench.keys()).toHaveLength(2);
});
