import { noteSuperseded, readSuperseded, supersededKey, writeSuperseded } from '@keyturn/aws/supersession';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { day, secretText, world, type World } from '../../../test/world.ts';
import { refuseSharedKey } from './refuse-shared-key.ts';

const junk = '{ "key": "another", "secret": "another" }';

/** Another secret of ours, with its own tags and values, the last of them current. */
async function other(w: World, values: readonly string[], tags: Readonly<Record<string, string>> = {}) {
  const all = { 'keyturn:provider': 'apigee', 'keyturn:target': 'orders-app', ...tags };
  const [first = '', ...later] = values;
  const { ARN: arn = '' } = await w.model.createSecret({
    Name: 'billing/apigee',
    SecretString: first,
    Tags: Object.entries(all).map(([Key, Value]) => ({ Key, Value })),
  });
  for (const SecretString of later) await w.model.putSecretValue({ SecretId: arn, SecretString });
  return arn;
}

const previousOf = async (w: World, arn: string) =>
  [...(await w.secrets.describe(arn)).stages].find(([, labels]) => labels.includes('AWSPREVIOUS'))?.[0] ?? '';

function ask(w: World, deps = w.cleanup) {
  const old = {
    keyId: w.handMade.keyId,
    credential: w.handMade,
    mark: w.mark(w.firstVersion),
    state: 'enabled',
  } as const;
  return refuseSharedKey(old, { secretArn: w.arn, target: 'orders-app' }, deps);
}

const refusal: unknown = expect.objectContaining({ reason: 'shared-key', field: 'billing/apigee' });

test('I1: a key that another secret gives its readers is not ended, and the other secret is named', async () => {
  const w = await world();
  await other(w, [junk, secretText(w.handMade)]);

  await expect(ask(w)).rejects.toEqual(refusal);
});

test('I1: so is one of a secret that names another provider, which may be the same organization', async () => {
  const w = await world();
  await other(w, [junk, secretText(w.handMade)], { 'keyturn:provider': 'apigee-eu' });

  await expect(ask(w)).rejects.toEqual(refusal);
});

test('I1: a key that is pending in another secret is not ended', async () => {
  const w = await world();
  const arn = await other(w, [junk]);
  const pending = { arn, token: '00000000-0000-4000-8000-00000000abcd', rotationToken: undefined };
  await w.secrets.putPending({ ...pending, text: hidden(secretText(w.handMade)) });

  await expect(ask(w)).rejects.toEqual(refusal);
});

test('I2: a key that another secret gave its readers until lately is not ended, whether the ledger knows of it yet or not', async () => {
  const w = await world();
  const arn = await other(w, [secretText(w.handMade), junk]);

  await expect(ask(w)).rejects.toEqual(refusal);
  await superseded(w, arn, await previousOf(w, arn));
  await expect(ask(w)).rejects.toEqual(refusal);
});

test('I2: nor is it where the other secret is changed while it is looked at', async () => {
  const w = await world();
  const arn = await other(w, [secretText(w.handMade)]);
  const { secrets } = w.cleanup;
  let edits = 0;
  const value: typeof secrets.value = async (...asked) => {
    if (edits++ === 0) await w.model.putSecretValue({ SecretId: arn, SecretString: junk });
    return secrets.value(...asked);
  };

  await expect(ask(w, { ...w.cleanup, secrets: { ...secrets, value } })).rejects.toEqual(refusal);
});

test('I2: so is one that the other secret gave two versions ago, within its grace', async () => {
  const w = await world();
  const arn = await other(w, [secretText(w.handMade), junk]);
  await superseded(w, arn, await previousOf(w, arn));
  await w.model.putSecretValue({ SecretId: arn, SecretString: `${junk} ` });

  await expect(ask(w)).rejects.toEqual(refusal);
});

test('a key whose grace is over in the other secret too is nobody’s any more', async () => {
  const w = await world();
  const arn = await other(w, [secretText(w.handMade), junk]);
  const versionId = await previousOf(w, arn);
  await superseded(w, arn, versionId);
  const row = (await readSuperseded(w.ledger, supersededKey(arn, versionId)))!;
  await writeSuperseded(w.ledger, { ...row.value, stage: 'retired', dueAt: null }, row.rev);

  await expect(ask(w)).resolves.toBeUndefined();
});

test.each([
  ['of another place', { 'keyturn:target': 'other-app' }],
  ['without a provider', { 'keyturn:provider': '' }],
])('a secret %s is not asked', async (_, tags) => {
  const w = await world();
  await other(w, [secretText(w.handMade)], tags);

  await expect(ask(w)).resolves.toBeUndefined();
});

test('I1: a secret that is being deleted may be restored: what it may hold is not ended', async () => {
  const w = await world();
  const arn = await other(w, [junk]);
  await w.model.deleteSecret({ SecretId: arn });

  await expect(ask(w)).rejects.toEqual(refusal);
});

test('a secret that is being deleted, and whose key bears its own mark, keeps no other key', async () => {
  const w = await world();
  const arn = await other(w, [junk]);
  const { VersionId: versionId = '' } = await w.model.getSecretValue({ SecretId: arn });
  w.provider.handMade({ target: 'orders-app', mark: formatMark(markOf(arn, versionId, 'test')) });
  await w.model.deleteSecret({ SecretId: arn });

  await expect(ask(w)).resolves.toBeUndefined();
});

test.each([undefined, 1])('a secret that is gone by now gives nobody anything', async (deletedAt) => {
  const w = await world();
  const arn = await other(w, [secretText(w.handMade)]);
  const tags = { 'keyturn:provider': 'apigee' };
  const listed = async function* () {
    yield { arn, name: 'billing/apigee', tags, deletedAt, lambdaArn: undefined };
  };
  const late = { ...w.cleanup, secrets: { ...w.cleanup.secrets, listSecrets: listed } };
  await w.model.deleteSecret({ SecretId: arn, ForceDeleteWithoutRecovery: true });

  await expect(ask({ ...w, cleanup: late })).resolves.toBeUndefined();
});

test('a secret that cannot be read says nothing: nothing is ended', async () => {
  const w = await world();
  await other(w, [junk]);
  const value = () => Promise.reject(new Error('unreadable'));

  await expect(ask({ ...w, cleanup: { ...w.cleanup, secrets: { ...w.cleanup.secrets, value } } })).rejects.toThrow(
    'unreadable',
  );
});

function superseded(w: World, secretArn: string, versionId: string) {
  const now = w.clock.now();
  return noteSuperseded(w.ledger, {
    secretArn,
    versionId,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'superseded',
    n: 1,
    supersededAt: now,
    supersededBy: 'b',
    correlationId: 'c',
    dueAt: now + day,
  });
}

test('a secret that nobody of ours may read may hold the key: the hold names that secret', async () => {
  const w = await world();
  await other(w, [junk]);
  const denied = () => Promise.reject(new PermanentError('access-denied', 'The key of the secret is not ours to use'));
  const secrets = { ...w.cleanup.secrets, value: denied };

  await expect(ask({ ...w, cleanup: { ...w.cleanup, secrets } })).rejects.toEqual(refusal);
});
