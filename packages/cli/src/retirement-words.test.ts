import { noteAdoption } from '@keyturn/aws/adoption';
import { readOldReads } from '@keyturn/aws/own-reads';
import {
  noteSuperseded,
  readSuperseded,
  supersededKey,
  writeSuperseded,
  type Superseded,
} from '@keyturn/aws/supersession';
import { credential } from '@keyturn/rotation/credential';
import { expect, test } from 'vitest';

import { keyturnWith } from '../../../test/keyturn.ts';
import { day, world, type World } from '../../../test/world.ts';

const keyturn = (w: World, words: readonly string[], issue = w.provider) => keyturnWith(issue, w, ...words);

/** A version `old` of the world's secret that waits for its end. */
async function retiring(w: World, change: Partial<Superseded> = {}) {
  const key = supersededKey(w.arn, 'old');
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: 'old',
    kind: 'superseded',
    provider: 'apigee',
    target: 'orders-app',
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: w.firstVersion,
    correlationId: 'c',
    dueAt: w.clock.now() + day,
  });
  const row = (await readSuperseded(w.ledger, key))!;
  await writeSuperseded(w.ledger, { ...row.value, ...change }, row.rev);
  return async () => (await readSuperseded(w.ledger, key))!.value;
}

const held = (reason: string, overMaxGrace = false) => ({ held: { reason, since: 0, overMaxGrace } });

test('approve of a key that is on lets it be switched off, and says that its deletion is another step', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'trusting' } });
  const row = await retiring(w);

  const { text } = await keyturn(w, ['approve', 'orders/apigee']);

  expect(await row()).toMatchObject({ approvedAt: w.clock.now(), deletionApprovedAt: null });
  expect(text).toContain('may be switched off. Its deletion is another step');
});

test('approve of a key that is off lets it be deleted', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'trusting' } });
  const row = await retiring(w, { stage: 'disabled', disabledAt: 1 });

  const { answer } = await keyturn(w, ['approve', 'orders/apigee', '--json']);

  expect(await row()).toMatchObject({ approvedAt: null, deletionApprovedAt: w.clock.now(), dueAt: w.clock.now() });
  expect(answer).toMatchObject({ approved: ['old'], steps: [{ versionId: 'old', step: 'delete' }] });
});

test('where a provider cannot switch off and on, one approval is for the one step there is, and says so', async () => {
  const w = await world();
  const row = await retiring(w);
  const describe = async () => ({ ...(await w.provider.describe()), reversibleDisable: false });

  const { text } = await keyturn(w, ['approve', 'orders/apigee'], { ...w.provider, describe });

  expect(await row()).toMatchObject({ approvedAt: w.clock.now(), deletionApprovedAt: w.clock.now() });
  expect(text).toContain('may be deleted for good as soon as it is due');
});

test.each([
  [held('still-read'), 'still-read (somebody read that version after it was superseded)', []],
  [
    held('still-used', true),
    'still-used (the provider says that it was used, longer than maxGrace)',
    ['version old cannot be retired: still-used'],
  ],
  [held('not-adopted'), 'not-adopted (a reader has not said that it uses a newer version)', []],
  [held('not-approved'), 'not-approved (keyturn approve orders/apigee: then it is switched off)', []],
  [
    { ...held('not-approved'), stage: 'disabled' } as const,
    'not-approved (keyturn approve orders/apigee: then it is deleted)',
    [],
  ],
  [
    held('key-rejected'),
    'key-rejected (the current key is refused; keyturn rollback orders/apigee tells whether the one before can be put back)',
    ['version old cannot be retired: key-rejected'],
  ],
  [held('not-yours'), 'not-yours', ['version old cannot be retired: not-yours']],
])('status and plan say why a key is held: %j', async (change, words, problems) => {
  const w = await world();
  await retiring(w, change);

  const status = await keyturn(w, ['status', 'orders/apigee']);
  const plan = await keyturn(w, ['plan', 'orders/apigee']);
  const { answer } = await keyturn(w, ['status', 'orders/apigee', '--json']);

  expect(status.text).toContain(`held because ${words}`);
  expect(plan.text).toContain(`the key of version old: ${words}`);
  expect(answer).toMatchObject({ secrets: [{ problems, retiring: [{ heldInWords: words }] }] });
});

test('plan shows what the policy says of the end of a key', async () => {
  const idle = await world({ tags: { 'keyturn:policy': 'forceful' } });
  const trusting = await world({ tags: { 'keyturn:policy': 'trusting' } });

  const [forced, approved] = [
    await keyturn(idle, ['plan', 'orders/apigee']),
    await keyturn(trusting, ['plan', 'orders/apigee']),
  ];
  const { answer } = await keyturn(idle, ['plan', 'orders/apigee', '--json']);

  expect(forced.text).toContain('while the old version is read, or was used within 36h; after 4d retired all the same');
  expect(approved.text).toContain('verification controlPlane');
  expect(approved.text).toContain('retirement   auto; deletion approve');
  expect(approved.text).toContain('hold-off     1m,');
  expect(answer).toMatchObject({
    deletion: 'auto',
    unusedForMs: 129_600_000,
    maxGraceMs: 345_600_000,
    afterMaxGrace: 'force',
  });
});

test.each([
  ['no JSON', () => 'oops'],
  ['the same key id beside a wrong secret', (w: World) => credential(w.handMade.keyId.reveal(), 'typo')],
] as const)('rollback gets away from %s', async (_, wrong) => {
  const w = await world();
  await w.paste(wrong(w));

  const { code } = await keyturn(w, ['rollback', 'orders/apigee', '--yes']);

  expect(code).toBe(0);
  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
});

test('rollback gets away from what is no text', async () => {
  const w = await world();
  await w.model.putSecretValue({ SecretId: w.arn, SecretBinary: new Uint8Array([0, 255]) });

  const { code } = await keyturn(w, ['rollback', 'orders/apigee', '--yes']);

  expect([code, (await w.labels(w.firstVersion)).includes('AWSCURRENT')]).toEqual([0, true]);
});

test('a look at what a rollback would do is no reader of the old version', async () => {
  const w = await world();
  await w.paste(credential('typo', 'typo'));
  w.pass(3 * day);

  await keyturn(w, ['rollback', 'orders/apigee']);

  const version = { secretArn: w.arn, versionId: w.firstVersion };
  expect((await readOldReads(w.ledger, version)).ownReadAt).toBe(w.clock.now());
});

test('status and plan say what each reader that acknowledges has said last', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'told' } });
  const at = w.clock.now();
  await noteAdoption(w.ledger, { secretArn: w.arn, reader: 'shop', versionId: 'old', at });

  const texts = async () => {
    const [status, plan] = [await keyturn(w, ['status']), await keyturn(w, ['plan', 'orders/apigee'])];
    return [status.text, plan.text];
  };
  const late = await texts();
  await noteAdoption(w.ledger, { secretArn: w.arn, reader: 'shop', versionId: w.firstVersion, at: at + 1 });
  const current = await texts();
  w.pass(41 * day);
  const lapsed = await texts();

  for (const text of late) {
    expect(text).toMatch(/reader shop: LATE, said 2026-11-21.* that it uses old; its key waits for it/);
    expect(text).toContain('reader billing: never said which version it uses; nothing waits for it');
  }
  for (const text of current) expect(text).toMatch(/reader shop: uses the current version, said 2026-11-21/);
  for (const text of lapsed) expect(text).toMatch(/reader shop: silent since 2026-11-21.*, does not count any more/);
  expect(late[1]).toContain('or was not let go by shop, billing');
  expect((await keyturn(w, ['status', '--json'])).answer).toMatchObject({
    secrets: [
      {
        readers: [
          { reader: 'shop', state: 'lapsed' },
          { reader: 'billing', state: 'silent' },
        ],
      },
    ],
  });
});
