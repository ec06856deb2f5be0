import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { keyturn, keyturnWith } from '../../../test/keyturn.ts';
import { world, type World } from '../../../test/world.ts';

const adopt = (policy: string, shape: string) => [
  'adopt',
  'billing/apigee',
  '--provider',
  'apigee',
  '--policy',
  policy,
  '--shape',
  shape,
  '--owner',
  'orders',
];
const basicOf = ({ keyId, secret }: Credential) =>
  Buffer.from(`${keyId.reveal()}:${secret.reveal()}`).toString('base64');

/** A secret that a person made, and its key. */
async function pasted(
  w: World,
  value: (key: Credential, pair: string) => { SecretString: string } | { SecretBinary: Uint8Array },
) {
  const key = w.provider.handMade({ target: 'other-app' });
  const pair = `"key":"${key.keyId.reveal()}","secret":"${key.secret.reveal()}"`;
  const { ARN: arn = '' } = await w.model.createSecret({ Name: 'billing/apigee', ...value(key, pair) });
  return { key, arn };
}

test.each<[what: string, more: (key: Credential) => string, field: string, yaml: string]>([
  [
    'another credential',
    () => '"azure":{"client_id":"a","client_secret":"b"}',
    '/azure/client_id',
    'group: [{ keyId: /azure/client_id, secret: /azure/client_secret }]',
  ],
  ['a header', (key) => `"auth":"Basic ${basicOf(key)}"`, '/auth', "derived: { /auth: '…{basic}…' }"],
])('adopt refuses %s that the shape does not know, and shows the YAML to add', async (_what, more, field, yaml) => {
  const w = await world();
  const { key, arn } = await pasted(w, (key, pair) => ({ SecretString: `{${pair},${more(key)}}` }));
  const before = w.provider.stored('other-app');

  const shown = await keyturn(w, ...adopt('standard', 'pair'), '--yes');
  const { answer } = await keyturn(w, ...adopt('standard', 'pair'), '--yes', '--json');

  expect(shown.code).toBe(1);
  expect(shown.text).toContain(yaml);
  expect(shown.text).toContain('under shapes.pair');
  expect(answer).toMatchObject({ ok: false, reason: 'shape-mismatch', field });
  for (const value of [key.keyId.reveal(), key.secret.reveal(), basicOf(key)]) {
    expect(shown.text + JSON.stringify(answer)).not.toContain(value);
  }
  expect(w.provider.stored('other-app')).toEqual(before);
  expect((await w.secrets.describe(arn)).tags).toEqual({});
});

test('adopt names the other credential before it says that no app has the one that the shape points to', async () => {
  const w = await world();
  await pasted(w, (_, pair) => ({ SecretString: `{"apigee":{${pair}},"key":"theirs","secret":"theirs too"}` }));

  const { answer } = await keyturn(w, ...adopt('standard', 'pair'), '--json');

  expect(answer).toMatchObject({ ok: false, reason: 'shape-mismatch', field: '/apigee/key' });
});

test('adopt takes bytes that hold text', async () => {
  const w = await world();
  const { arn } = await pasted(w, ({ keyId, secret }) => ({
    SecretBinary: Buffer.from(`\u00e9\nKEY=${keyId.reveal()}\nSECRET=${secret.reveal()}`, 'latin1'),
  }));

  const { code, answer } = await keyturn(w, ...adopt('standard', 'env'), '--yes', '--json');

  expect(code).toBe(0);
  expect(answer).toMatchObject({ adopted: true, target: 'other-app' });
  expect((await w.secrets.describe(arn)).tags).toMatchObject({ 'keyturn:shape': 'env' });
});

test('adopt takes {} as Terraform leaves it, where the policy says what the first key is for', async () => {
  const w = await world();
  await pasted(w, () => ({ SecretString: '{}' }));

  const { code, text } = await keyturn(w, ...adopt('first', 'pair'), '--target', 'other-app');

  expect(code).toBe(0);
  expect(text).toContain('none yet; the first rotation issues it');
});

test('adopt refuses a secret without any value and says what to put there', async () => {
  const w = await world();
  await w.model.createSecret({ Name: 'billing/apigee' });

  const { code, text } = await keyturn(w, ...adopt('first', 'pair'), '--target', 'other-app');

  expect(code).toBe(1);
  expect(text).toContain('billing/apigee has no value yet. Give it one: {} for JSON');
  expect(text).toContain('reason secret-missing, look at AWSCURRENT');
});

test('plan lists what would refuse the next rotation: a second credential that somebody put there', async () => {
  const w = await world();
  const pair = `"key":"${w.handMade.keyId.reveal()}","secret":"${w.handMade.secret.reveal()}"`;
  await w.paste(`{${pair},"key2":"a","secret2":"b"}`);

  const { code, answer } = await keyturn(w, 'plan', 'orders/apigee', '--json');

  expect(code).toBe(1);
  expect(answer).toMatchObject({ wouldBeRefused: [{ reason: 'shape-mismatch', field: '/key2' }] });
});

test('a paste that changed one place only can be rolled back', async () => {
  const w = await world({ tags: { 'keyturn:shape': 'header' } });
  const text = (key: Credential, header: Credential) =>
    `{"key":"${key.keyId.reveal()}","secret":"${key.secret.reveal()}","auth":"Basic ${basicOf(header)}"}`;
  const good = await w.paste(text(w.handMade, w.handMade));
  await w.paste(text(w.provider.handMade({ target: 'orders-app' }), w.handMade));

  const { code } = await keyturn(w, 'rollback', 'orders/apigee', '--yes');

  expect(code).toBe(0);
  expect(await w.labels(good)).toContain('AWSCURRENT');
});

test('adopt asks for the target where the provider cannot tell where a key belongs', async () => {
  const w = await world();
  await pasted(w, (_key, pair) => ({ SecretString: `{${pair}}` }));
  const silent = {
    ...w.provider,
    locate: async () => {
      throw new PermanentError('unsupported', 'Nobody can tell', { field: 'locate' });
    },
  };

  const asked = await keyturnWith(silent, w, ...adopt('standard', 'pair'), '--json');
  const told = await keyturnWith(silent, w, ...adopt('standard', 'pair'), '--target', 'other-app', '--json');

  expect(asked.answer).toMatchObject({ ok: false, reason: 'misconfigured', field: '--target' });
  expect(told.answer).toMatchObject({ ok: true });
});
