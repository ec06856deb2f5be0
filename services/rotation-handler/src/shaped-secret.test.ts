import { credential, type Credential } from '@keyturn/rotation/credential';
import { expect, test } from 'vitest';

import { minute, steps, world, type World } from '../../../test/world.ts';
import { parseRotationRequest } from './rotation-request.ts';
import type { Deps } from './rotation.ts';
import { rotateSecret } from './rotate-secret.ts';

function step(w: World, name: string, token: string, deps: Partial<Deps> = {}) {
  const request = parseRotationRequest({ Step: name, SecretId: w.arn, ClientRequestToken: token });
  return rotateSecret(
    { request, ownArn: w.handlerArn, deadline: w.clock.now() + 14 * minute },
    { ...w.rotation, ...deps },
  );
}

async function rotate(w: World): Promise<string> {
  const token = await w.begin();
  for (const name of steps) await step(w, name, token);
  return token;
}

const basicOf = ({ keyId, secret }: Credential) =>
  Buffer.from(`${keyId.reveal()}:${secret.reveal()}`).toString('base64');
const withHeader = (of: Credential, header = `Basic ${basicOf(of)}`) =>
  `{ "auth": "${header}", "key": "${of.keyId.reveal()}", "secret": "${of.secret.reveal()}" }`;
const current = (w: World) => w.model.getSecretValue({ SecretId: w.arn, VersionStage: 'AWSCURRENT' });

test('a rotation renders a ready-made header anew', async () => {
  const w = await world({ tags: { 'keyturn:shape': 'header' } });
  await w.paste(withHeader(w.handMade));

  await rotate(w);

  const next = await w.credentialIn();
  expect(next.keyId.reveal()).not.toBe(w.handMade.keyId.reveal());
  expect((await current(w)).SecretString).toBe(withHeader(next));
});

test.each<[shape: string, policy: string, text: (header: string) => string, before: 'of a person' | 'none']>([
  ['header-alone', 'standard', (header) => `{ "url": "https://x", "authorization": "${header}" }`, 'of a person'],
  ['header-alone', 'first', (header) => `{ "url": "https://x", "authorization": "${header}" }`, 'none'],
  ['header-text', 'standard', (header) => `${header}\n`, 'of a person'],
  ['header-text', 'first', (header) => `${header}\n`, 'none'],
])('a secret that is nothing but a header is rotated: %s, policy %s', async (shape, policy, text, before) => {
  const w = await world({ tags: { 'keyturn:policy': policy, 'keyturn:shape': shape } });
  await w.paste(text(before === 'none' ? 'Basic REPLACE_ME' : `Basic ${basicOf(w.handMade)}`));

  await rotate(w);

  const written = (await current(w)).SecretString ?? '';
  const [header = '', basic = ''] = /Basic ([\w+/=]+)/.exec(written) ?? [];
  const [keyId = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':');
  expect(written).toBe(text(header));
  expect(keyId).toBe(w.provider.stored('orders-app').at(-1)?.keyId);
  expect(keyId).not.toBe(w.handMade.keyId.reveal());
  expect(w.provider.acceptedBy(credential(keyId, secret))).toEqual([true, true, true]);
  const told = JSON.stringify([w.events(), w.log.lines]);
  for (const canary of [keyId, secret, basic, basicOf(w.handMade)]) expect(told).not.toContain(canary);
});

test.each<[what: string, header: (of: Credential) => string]>([
  ['without its padding', (of) => basicOf(of).replace(/=*$/, '~')],
  ['of a line too many, as echo adds one', (of) => Buffer.from(`${of.keyId.reveal()}:x\n`).toString('base64')],
])('a header %s is refused before a key is made, and told without what it says', async (_what, header) => {
  const w = await world({ tags: { 'keyturn:shape': 'header-alone' } });
  const basic = header(w.handMade);
  await w.paste(`{"authorization":"Basic ${basic}"}`);
  const token = await w.begin();

  const creating = step(w, 'createSecret', token);

  await expect(creating).rejects.toMatchObject({ reason: 'shape-mismatch', field: '/authorization' });
  expect(w.provider.stored('orders-app')).toHaveLength(1);
  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { reason: 'shape-mismatch' } } }]);
  const told = JSON.stringify([w.events(), w.log.lines]);
  for (const canary of [w.handMade.keyId.reveal(), basic]) expect(told).not.toContain(canary);
});

test('a rotation keeps bytes bytes, those that are no UTF-8 too', async () => {
  const w = await world({ tags: { 'keyturn:shape': 'env' } });
  const file = ({ keyId, secret }: Credential) =>
    Buffer.from(`name=caf\u00e9\u00ff\r\nKEY=${keyId.reveal()}\r\nSECRET=${secret.reveal()}\r\n`, 'latin1');
  await w.model.putSecretValue({ SecretId: w.arn, SecretBinary: file(w.handMade) });

  await rotate(w);

  const { SecretBinary: bytes, SecretString: text } = await current(w);
  const made = w.provider.stored('orders-app').at(-1)!.keyId;
  const secret = /SECRET=(\S+)/.exec(Buffer.from(bytes!).toString('latin1'))?.[1] ?? '';
  expect(text).toBeUndefined();
  expect(Buffer.from(bytes!)).toEqual(file(credential(made, secret)));
  expect(w.provider.acceptedBy(credential(made, secret))).toEqual([true, true, true]);
});

test('{} gets the first key of its secret', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'first', 'keyturn:shape': 'header' } });
  await w.paste('{}\n');

  await rotate(w);

  const { keyId, secret } = await w.credentialIn();
  const members = `"key":"${keyId.reveal()}","secret":"${secret.reveal()}"`;
  expect((await current(w)).SecretString).toBe(`{${members},"auth":"Basic ${basicOf(await w.credentialIn())}"}\n`);
  expect(w.provider.acceptedBy(await w.credentialIn())).toEqual([true, true, true]);
});

test('a secret without any value is refused: nothing says what it is to look like', async () => {
  const w = await world();
  const { Tags } = await w.model.describeSecret({ SecretId: w.arn });
  const { ARN: arn = '' } = await w.model.createSecret({ Name: 'empty/apigee', Tags });
  await w.model.rotateSecret({
    SecretId: arn,
    RotationLambdaARN: w.handlerArn,
    RotationRules: { ScheduleExpression: 'rate(30 days)' },
  });
  const { stages } = await w.secrets.describe(arn);
  const token = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0] ?? '';

  const creating = step({ ...w, arn }, 'createSecret', token);

  await expect(creating).rejects.toMatchObject({ reason: 'secret-missing', field: 'AWSCURRENT' });
  expect(await w.secrets.value(arn, { versionId: token })).toBeUndefined();
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test.each<[what: string, members: (of: Credential) => Record<string, unknown>, field: string]>([
  ['another credential', () => ({ key2: 'a', secret2: 'b' }), '/key2'],
  ['a sibling with the same fields', () => ({ other: { key: 'a', secret: 'b' } }), '/other/key'],
  ['a copy of the secret', ({ secret }) => ({ url: `https://u:${secret.reveal()}@x` }), '/url'],
  ['a header that the shape does not know', (of) => ({ auth: `Basic ${basicOf(of)}` }), '/auth'],
])('%s in a secret is refused before a key is made, and told', async (_what, members, field) => {
  const w = await world();
  const pair = { key: w.handMade.keyId.reveal(), secret: w.handMade.secret.reveal() };
  await w.paste(JSON.stringify({ ...pair, ...members(w.handMade) }));
  const token = await w.begin();

  const creating = step(w, 'createSecret', token);

  await expect(creating).rejects.toMatchObject({ reason: 'shape-mismatch', field });
  expect(await w.secrets.value(w.arn, { versionId: token })).toBeUndefined();
  expect(w.provider.stored('orders-app')).toHaveLength(1);
  expect(w.events('RotationFailed')).toMatchObject([
    { detail: { data: { reason: 'shape-mismatch', retryable: false } } },
  ]);
  expect(JSON.stringify([w.events(), w.log.lines])).not.toContain(pair.secret);
});

test('what a provider that chooses its keys would make is not asked for where it could not be written', async () => {
  const w = await world({ mode: 'generated', tags: { 'keyturn:shape': 'header' } });
  await w.paste(`{ "key": "${w.handMade.keyId.reveal()}", "secret": "${w.handMade.secret.reveal()}" }`);
  const token = await w.begin();

  const creating = step(w, 'createSecret', token);

  await expect(creating).rejects.toMatchObject({ reason: 'shape-mismatch', field: '/auth' });
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test('a pending version from before its shape got a header is refused before the provider hears of its key', async () => {
  const w = await world();
  await w.paste(withHeader(w.handMade, 'later'));
  const token = await w.begin();
  await step(w, 'createSecret', token);
  const config = { ...w.config, shapes: { ...w.config.shapes, pair: w.config.shapes['header']! } };

  const setting = step(w, 'setSecret', token, { config });

  await expect(setting).rejects.toMatchObject({ reason: 'shape-mismatch', field: '/auth' });
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test.each<[what: string, members: string, field: string]>([
  ['a header of another credential', '"auth":"Basic b2xkOm9sZA=="', '/auth'],
  ['another credential', '"auth":"Basic {basic}","key2":"a","secret2":"b"', '/key2'],
])('the dry run of a schedule says what would refuse a rotation: %s', async (_what, members, field) => {
  const w = await world({ tags: { 'keyturn:shape': 'header' } });
  const pair = `"key":"${w.handMade.keyId.reveal()}","secret":"${w.handMade.secret.reveal()}"`;
  await w.paste(`{${pair},${members.replace('{basic}', basicOf(w.handMade))}}`);
  await w.model.rotateSecret({ SecretId: w.arn, RotateImmediately: false });
  const { stages } = await w.secrets.describe(w.arn);
  const token = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0] ?? '';

  const testing = step(w, 'testSecret', token);

  await expect(testing).rejects.toMatchObject({ reason: 'shape-mismatch', field });
});
