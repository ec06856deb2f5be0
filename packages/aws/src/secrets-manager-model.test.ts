import { expect, test } from 'vitest';

import { secretsManagerModel } from './secrets-manager-model.ts';
import type { Lag } from './secrets-manager-history.ts';
import type { LabelMoved } from './secrets-manager-vault.ts';
import type { RotationStarted } from './secrets-manager-rotation.ts';

const start = Date.UTC(2026, 10, 21, 8);
const lambdaArn = 'arn:aws:lambda:eu-central-1:123456789012:function:rotator';
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function setUp(options: Partial<Parameters<typeof secretsManagerModel>[0]> = {}) {
  const labels: LabelMoved[] = [];
  const rotations: RotationStarted[] = [];
  const abandoned: unknown[] = [];
  const clock = { ms: start, now: () => clock.ms, sleep: async () => {} };
  const model = secretsManagerModel({
    clock,
    account: '123456789012',
    region: 'eu-central-1',
    onLabel: (moved) => labels.push(moved),
    onRotate: (started) => rotations.push(started),
    onAbandon: (rotation) => abandoned.push(rotation),
    mayInvoke: (arn) => arn === lambdaArn,
    ...options,
  });
  const stages = async () => (await model.describeSecret({ SecretId: 'app' })).VersionIdsToStages;
  return { model, clock, labels, rotations, abandoned, stages };
}

async function withSecret(options: Parameters<typeof setUp>[0] = {}) {
  const lab = setUp(options);
  const { ARN: arn = '' } = await lab.model.createSecret({
    Name: 'app',
    SecretString: 'one',
    ClientRequestToken: id(1),
  });
  lab.labels.length = 0;
  return { ...lab, arn };
}

const put = (SecretString: string, n: number, VersionStages?: string[]) => ({
  SecretId: 'app',
  SecretString,
  ClientRequestToken: id(n),
  VersionStages,
});
const rotate = (n: number) => ({ SecretId: 'app', ClientRequestToken: id(n), RotationLambdaARN: lambdaArn });
const refused = (name: string, message: RegExp = /./) => {
  const fits: unknown = expect.stringMatching(message);
  return { name, message: fits };
};

test('tells of each version on which day it was read last, whoever read it, and of no other that it was', async () => {
  const { model, clock } = await withSecret();
  await model.putSecretValue(put('two', 2, ['AWSPENDING']));
  await model.putSecretValue(put('three', 3, ['other']));
  clock.ms = Date.UTC(2026, 10, 23, 23, 59, 59, 999);
  await model.getSecretValue({ SecretId: 'app' });
  clock.ms = Date.UTC(2026, 10, 24);
  await model.getSecretValue({ SecretId: 'app', VersionId: id(2) });

  const { Versions } = await model.listSecretVersionIds({ SecretId: 'app' });

  expect(Versions?.map(({ LastAccessedDate }) => LastAccessedDate?.toISOString())).toEqual([
    '2026-11-23T00:00:00.000Z',
    '2026-11-24T00:00:00.000Z',
    undefined,
  ]);
});

test('creates a secret with its first version current, and tells of the label', async () => {
  const { model, labels, stages } = setUp();

  const created = await model.createSecret({ Name: 'app', SecretString: 'one', ClientRequestToken: id(1) });

  expect(created.ARN).toMatch(/^arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-[0-9a-f]{6}$/);
  expect(await stages()).toEqual({ [id(1)]: ['AWSCURRENT'] });
  expect(labels).toEqual([{ arn: created.ARN, name: 'app', label: 'AWSCURRENT', versionId: id(1) }]);
});

test('finds a secret by its name, by its ARN and by the ARN without the suffix', async () => {
  const { model, arn } = await withSecret();

  for (const SecretId of ['app', arn, arn.slice(0, -7)]) {
    expect((await model.getSecretValue({ SecretId })).SecretString).toBe('one');
  }
  await expect(model.getSecretValue({ SecretId: 'ap' })).rejects.toMatchObject(refused('ResourceNotFoundException'));
});

test('creating a secret again is a success with the same token and value, and refused otherwise', async () => {
  const { model, arn } = await withSecret();

  const again = await model.createSecret({ Name: 'app', SecretString: 'one', ClientRequestToken: id(1) });

  expect(again.ARN).toBe(arn);
  const other = model.createSecret({ Name: 'app', SecretString: 'two', ClientRequestToken: id(2) });
  await expect(other).rejects.toMatchObject(refused('ResourceExistsException', /already exists/));
});

test('C5: putting a value moves AWSCURRENT unless labels are given, and AWSPREVIOUS follows', async () => {
  const { model, labels, stages } = await withSecret();

  await model.putSecretValue(put('two', 2));

  expect(await stages()).toEqual({ [id(2)]: ['AWSCURRENT'], [id(1)]: ['AWSPREVIOUS'] });
  expect(labels.map(({ label }) => label)).toEqual(['AWSCURRENT']);
});

test('C5: the same token with the same value changes nothing, with another value it is refused', async () => {
  const { model, stages } = await withSecret();
  await model.putSecretValue(put('two', 2, ['AWSPENDING']));

  await model.putSecretValue(put('two', 2, ['AWSPENDING']));

  const other = model.putSecretValue(put('three', 2, ['AWSPENDING']));
  await expect(other).rejects.toMatchObject(refused('ResourceExistsException', /can't modify an existing version/));
  expect(await stages()).toEqual({ [id(1)]: ['AWSCURRENT'], [id(2)]: ['AWSPENDING'] });
});

test('a token has 32 to 64 characters', async () => {
  const { model } = await withSecret();

  for (const ClientRequestToken of ['a'.repeat(31), 'a'.repeat(65)]) {
    const short = model.putSecretValue({ SecretId: 'app', SecretString: 'two', ClientRequestToken });
    await expect(short).rejects.toMatchObject(refused('InvalidParameterException', /32-64/));
  }
});

test('the first version is current whatever labels it was put with', async () => {
  const { model, stages } = setUp();
  await model.createSecret({ Name: 'app' });

  await model.putSecretValue(put('one', 1, ['AWSPENDING']));

  expect((await stages())?.[id(1)]?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
});

test('C6: a label moves only from where the request says that it stands', async () => {
  const { model, stages } = await withSecret();
  await model.putSecretValue(put('two', 2, ['AWSPENDING']));
  const move = (
    RemoveFromVersionId: string | undefined,
    MoveToVersionId: string | undefined,
    VersionStage = 'AWSCURRENT',
  ) => model.updateSecretVersionStage({ SecretId: 'app', VersionStage, RemoveFromVersionId, MoveToVersionId });

  await expect(move(undefined, id(2))).rejects.toMatchObject(refused('InvalidParameterException', /can't be empty/));
  await expect(move(id(2), id(2))).rejects.toMatchObject(refused('InvalidParameterException', /attached to version/));
  await expect(move(id(1), undefined)).rejects.toMatchObject(
    refused('InvalidParameterException', /completely removed/),
  );
  await expect(move(id(1), id(9))).rejects.toMatchObject(refused('ResourceNotFoundException'));
  await expect(move(id(1), undefined, 'CANARY')).rejects.toMatchObject(
    refused('InvalidParameterException', /no version/),
  );
  expect(await stages()).toEqual({ [id(1)]: ['AWSCURRENT'], [id(2)]: ['AWSPENDING'] });

  await move(id(1), id(2));
  await move(id(2), undefined, 'AWSPENDING');

  expect(await stages()).toEqual({ [id(2)]: ['AWSCURRENT'], [id(1)]: ['AWSPREVIOUS'] });
});

test('custom labels move and are told of; a secret has at most 20', async () => {
  const { model, labels, stages } = await withSecret();
  await model.putSecretValue(put('two', 2, ['AWSPENDING', 'KEYTURN']));
  await model.putSecretValue(put('three', 3, ['KEYTURN']));

  expect(await stages()).toEqual({ [id(1)]: ['AWSCURRENT'], [id(2)]: ['AWSPENDING'], [id(3)]: ['KEYTURN'] });
  expect(labels.map(({ label, versionId }) => [label, versionId])).toEqual([
    ['KEYTURN', id(2)],
    ['KEYTURN', id(3)],
  ]);

  for (let n = 0; n < 17; n += 1) {
    await model.updateSecretVersionStage({ SecretId: 'app', VersionStage: `label-${n}`, MoveToVersionId: id(1) });
  }
  const tooMany = model.updateSecretVersionStage({ SecretId: 'app', VersionStage: 'one-more', MoveToVersionId: id(1) });
  await expect(tooMany).rejects.toMatchObject(refused('LimitExceededException'));
});

test('C8: an unknown version or label is not found, a label on another version is a bad request', async () => {
  const { model } = await withSecret();
  await model.putSecretValue(put('two', 2, ['AWSPENDING']));
  const get = (which: object) => model.getSecretValue({ SecretId: 'app', ...which });

  await expect(get({ VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject(
    refused('ResourceNotFoundException', /AWSPREVIOUS/),
  );
  await expect(get({ VersionId: id(9) })).rejects.toMatchObject(refused('ResourceNotFoundException'));
  const mismatch = get({ VersionId: id(1), VersionStage: 'AWSPENDING' });
  await expect(mismatch).rejects.toMatchObject(refused('InvalidRequestException', /not associated/));
  expect((await get({ VersionId: id(2), VersionStage: 'AWSPENDING' })).SecretString).toBe('two');
});

test('C9: a version without a label is not described, but can be read by its id', async () => {
  const { model, stages } = await withSecret();
  await model.putSecretValue(put('two', 2));
  await model.putSecretValue(put('three', 3));

  expect(Object.keys((await stages()) ?? {})).toEqual([id(3), id(2)]);
  expect((await model.getSecretValue({ SecretId: 'app', VersionId: id(1) })).SecretString).toBe('one');
  const listed = await model.listSecretVersionIds({ SecretId: 'app', IncludeDeprecated: true });
  expect(listed.Versions?.map(({ VersionId }) => VersionId)).toEqual([id(1), id(2), id(3)]);
});

test('C9: of more than 100 versions the oldest without a label go, once they are a day old', async () => {
  const { model, clock } = await withSecret();
  const count = async () =>
    (await model.listSecretVersionIds({ SecretId: 'app', IncludeDeprecated: true, MaxResults: 100 })).NextToken;

  for (let n = 2; n <= 110; n += 1) await model.putSecretValue(put(`value ${n}`, n));
  expect(await count()).toBeDefined();

  clock.ms += 86_400_001;
  await model.putSecretValue(put('another', 111));

  expect(await count()).toBeUndefined();
});

test('C1: a rotation announces its version, labelled and without a value, before it is told of', async () => {
  const { model, rotations, stages, arn } = await withSecret();

  const answer = await model.rotateSecret(rotate(2));

  expect(answer.VersionId).toBe(id(2));
  expect(await stages()).toEqual({ [id(1)]: ['AWSCURRENT'], [id(2)]: ['AWSPENDING'] });
  const read = model.getSecretValue({ SecretId: 'app', VersionId: id(2), VersionStage: 'AWSPENDING' });
  await expect(read).rejects.toMatchObject(refused('ResourceNotFoundException'));
  expect(rotations).toMatchObject([{ arn, token: id(2), lambdaArn, test: false }]);

  await model.putSecretValue(put('two', 2, ['AWSPENDING']));
  expect((await model.getSecretValue({ SecretId: 'app', VersionId: id(2) })).SecretString).toBe('two');
});

test('C3: a rotation that is not complete is attempted again, and the new one refused', async () => {
  const { model, rotations } = await withSecret();
  await model.rotateSecret(rotate(2));

  const second = model.rotateSecret(rotate(3));

  await expect(second).rejects.toMatchObject(
    refused('InvalidRequestException', /^A previous rotation isn't complete\./),
  );
  expect(rotations.map(({ token }) => token)).toEqual([id(2), id(2)]);
});

test('a rotation is refused without a function, or with one that cannot be invoked', async () => {
  const { model } = await withSecret();

  const none = model.rotateSecret({ SecretId: 'app' });
  const unknown = model.rotateSecret({ SecretId: 'app', RotationLambdaARN: `${lambdaArn}-2` });

  await expect(none).rejects.toMatchObject(refused('InvalidRequestException', /No Lambda rotation function/));
  await expect(unknown).rejects.toMatchObject(refused('AccessDeniedException'));
});

test('C4: a value saved by hand during a rotation wins and abandons it', async () => {
  const { model, abandoned, stages, arn } = await withSecret();
  await model.rotateSecret(rotate(2));
  await model.putSecretValue(put('two', 2, ['AWSPENDING']));

  await model.updateSecret({ SecretId: 'app', SecretString: 'by hand', ClientRequestToken: id(3) });

  expect(await stages()).toEqual({ [id(3)]: ['AWSCURRENT'], [id(1)]: ['AWSPREVIOUS'] });
  expect(abandoned).toEqual([{ arn, token: id(2), test: false }]);
  expect(model.rotations.isOpen(arn, id(2))).toBe(false);
});

test('C7: after a rotation AWSPENDING is taken off the version that became current', async () => {
  const { model, stages, clock, arn } = await withSecret();
  await model.rotateSecret(rotate(2));
  await model.putSecretValue(put('two', 2, ['AWSPENDING']));
  await model.updateSecretVersionStage({
    SecretId: 'app',
    VersionStage: 'AWSCURRENT',
    MoveToVersionId: id(2),
    RemoveFromVersionId: id(1),
  });
  clock.ms += 5000;

  const complete = model.rotations.ended({ arn, token: id(2), succeeded: true });

  expect(complete).toBe(true);
  expect(await stages()).toEqual({ [id(2)]: ['AWSCURRENT'], [id(1)]: ['AWSPREVIOUS'] });
  expect((await model.describeSecret({ SecretId: 'app' })).LastRotatedDate).toEqual(new Date(start + 5000));
});

test('a rotation whose function moved nothing is not complete, and stays pending', async () => {
  const { model, stages, arn } = await withSecret();
  await model.rotateSecret(rotate(2));

  expect(model.rotations.ended({ arn, token: id(2), succeeded: true })).toBe(false);
  expect(await stages()).toMatchObject({ [id(2)]: ['AWSPENDING'] });
  expect(model.rotations.isOpen(arn, id(2))).toBe(true);
});

test('C11: attaching a schedule tests a copy of the current value, and leaves no label', async () => {
  const { model, rotations, stages, arn } = await withSecret();

  await model.rotateSecret({
    ...rotate(2),
    RotateImmediately: false,
    RotationRules: { ScheduleExpression: 'rate(30 days)' },
  });

  expect(rotations).toMatchObject([{ arn, token: id(2), lambdaArn, test: true }]);
  const pending = await model.getSecretValue({ SecretId: 'app', VersionStage: 'AWSPENDING' });
  expect([pending.VersionId, pending.SecretString]).toEqual([id(2), 'one']);

  model.rotations.ended({ arn, token: id(2), succeeded: false });

  expect(await stages()).toEqual({ [id(1)]: ['AWSCURRENT'] });
  const { RotationEnabled, NextRotationDate, LastRotatedDate } = await model.describeSecret({ SecretId: 'app' });
  expect([RotationEnabled, NextRotationDate?.getTime(), LastRotatedDate]).toEqual([
    true,
    start + 30 * 86_400_000,
    undefined,
  ]);
});

test('C11: a test that is attempted again stays a test', async () => {
  const { model, rotations } = await withSecret();
  await model.rotateSecret({ ...rotate(2), RotateImmediately: false });

  await expect(model.rotateSecret(rotate(3))).rejects.toMatchObject(refused('InvalidRequestException'));

  expect(rotations.map(({ test }) => test)).toEqual([true, true]);
});

test('C16: a value saved by hand counts as a rotation for AutomaticallyAfterDays', async () => {
  const { model, clock, arn } = await withSecret();
  await model.rotateSecret({ ...rotate(2), RotateImmediately: false, RotationRules: { AutomaticallyAfterDays: 10 } });
  model.rotations.ended({ arn, token: id(2), succeeded: true });
  clock.ms += 4 * 86_400_000;

  await model.putSecretValue(put('two', 3));

  const { NextRotationDate } = await model.describeSecret({ SecretId: 'app' });
  expect(NextRotationDate).toEqual(new Date(start + 14 * 86_400_000));
});

test('rotates by schedule when the date has come', async () => {
  const { model, clock, rotations, arn } = await withSecret();
  await model.rotateSecret({
    ...rotate(2),
    RotateImmediately: false,
    RotationRules: { ScheduleExpression: 'cron(0 3 1 * ? *)' },
  });
  model.rotations.ended({ arn, token: id(2), succeeded: true });
  await model.rotations.startDue();
  expect(rotations).toHaveLength(1);

  clock.ms = Date.UTC(2026, 11, 1, 3);
  await model.rotations.startDue();
  await model.rotations.startDue();

  expect(rotations.map(({ test }) => test)).toEqual([true, false]);
});

test.each([
  [{ ScheduleExpression: 'rate(3 hours)' }],
  [{ ScheduleExpression: 'rate(1000 days)' }],
  [{ ScheduleExpression: 'rate(240 minutes)' }],
  [{ ScheduleExpression: 'cron(30 3 1 * ? *)' }],
  [{ ScheduleExpression: 'cron(0 3 1 * ? 2027)' }],
  [{ ScheduleExpression: 'tomorrow' }],
  [{ ScheduleExpression: 'rate(1 day)', AutomaticallyAfterDays: 1 }],
  [{ AutomaticallyAfterDays: 1001 }],
  [{ ScheduleExpression: 'rate(1 day)', Duration: '25h' }],
  [{}],
])('refuses the schedule %j', async (RotationRules) => {
  const { model } = await withSecret();

  const attached = model.rotateSecret({ ...rotate(2), RotationRules });

  await expect(attached).rejects.toMatchObject(refused('InvalidParameterException'));
});

test('C17: a secret that waits for its deletion answers nothing but its description, until it is restored', async () => {
  const { model, clock } = await withSecret();

  await model.deleteSecret({ SecretId: 'app', RecoveryWindowInDays: 7 });

  await expect(model.getSecretValue({ SecretId: 'app' })).rejects.toMatchObject(
    refused('InvalidRequestException', /marked for deletion/),
  );
  await expect(model.rotateSecret(rotate(2))).rejects.toMatchObject(refused('InvalidRequestException'));
  await expect(model.createSecret({ Name: 'app' })).rejects.toMatchObject(
    refused('InvalidRequestException', /scheduled/),
  );
  expect((await model.describeSecret({ SecretId: 'app' })).DeletedDate).toEqual(new Date(start + 7 * 86_400_000));
  expect((await model.listSecrets({})).SecretList).toEqual([]);

  await model.restoreSecret({ SecretId: 'app' });
  expect((await model.getSecretValue({ SecretId: 'app' })).SecretString).toBe('one');

  await model.deleteSecret({ SecretId: 'app', RecoveryWindowInDays: 7 });
  clock.ms += 7 * 86_400_000;
  await expect(model.describeSecret({ SecretId: 'app' })).rejects.toMatchObject(refused('ResourceNotFoundException'));
});

test('C18: cancelling turns rotation off and leaves AWSPENDING', async () => {
  const { model, stages, arn } = await withSecret();
  await model.rotateSecret(rotate(2));

  await model.cancelRotateSecret({ SecretId: 'app' });

  expect((await model.describeSecret({ SecretId: 'app' })).RotationEnabled).toBe(false);
  expect(await stages()).toMatchObject({ [id(2)]: ['AWSPENDING'] });
  expect(model.rotations.isOpen(arn, id(2))).toBe(false);
});

test('lists secrets by tag, in pages', async () => {
  const { model } = setUp();
  for (const name of ['a', 'b', 'c'])
    await model.createSecret({ Name: name, Tags: [{ Key: 'keyturn:provider', Value: name }] });
  await model.createSecret({ Name: 'd', Tags: [{ Key: 'team', Value: 'x' }] });
  const list = (NextToken?: string) =>
    model.listSecrets({ Filters: [{ Key: 'tag-key', Values: ['keyturn:'] }], MaxResults: 2, NextToken });

  const first = await list();
  const second = await list(first.NextToken);

  expect([...(first.SecretList ?? []), ...(second.SecretList ?? [])].map(({ Name }) => Name)).toEqual(['a', 'b', 'c']);
  expect(second.NextToken).toBeUndefined();
  await expect(list('?')).rejects.toMatchObject(refused('InvalidNextTokenException'));
});

test('tags are replaced by key and removed by key', async () => {
  const { model } = await withSecret();
  await model.tagResource({
    SecretId: 'app',
    Tags: [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '1' },
    ],
  });

  await model.tagResource({ SecretId: 'app', Tags: [{ Key: 'a', Value: '2' }] });
  await model.untagResource({ SecretId: 'app', TagKeys: ['b', 'c'] });

  expect((await model.describeSecret({ SecretId: 'app' })).Tags).toEqual([{ Key: 'a', Value: '2' }]);
});

test('takes its tokens from the outside, so that it can be played again', async () => {
  const play = async () => {
    let tokens = 0;
    const { model, arn } = await withSecret({ newToken: () => id((tokens += 1) + 100) });
    await model.putSecretValue({ SecretId: 'app', SecretString: 'two' });
    await model.updateSecret({ SecretId: 'app', SecretString: 'three' });
    await model.rotateSecret({ SecretId: 'app', RotationLambdaARN: lambdaArn });
    await model.createSecret({ Name: 'other', SecretString: 'one' });
    return [arn, model.peek(arn), await model.listSecrets({})];
  };

  const once = await play();

  expect(await play()).toEqual(once);
  expect(JSON.stringify(once)).toContain(id(105));
});

/** Every read answers as `lag` says, from now on. */
async function withStaleReads() {
  const stale: { lag?: Lag | undefined } = {};
  const lab = await withSecret({ staleReads: () => stale.lag });
  const read = (which: object = {}) =>
    lab.model.getSecretValue({ SecretId: 'app', ...which }).then(
      ({ SecretString }) => SecretString,
      ({ name }: Error) => name,
    );
  return { ...lab, stale, read };
}

test('C10: a read may answer from before the last writes, and refuses what was not there yet', async () => {
  const { model, stale, stages, read, arn } = await withStaleReads();
  await model.rotateSecret(rotate(2));
  await model.putSecretValue(put('two', 2, ['AWSPENDING']));
  const pending = { VersionId: id(2), VersionStage: 'AWSPENDING' };

  expect(await read(pending)).toBe('two');
  stale.lag = { writes: 1 };
  expect([await read(pending), await stages()]).toEqual([
    'ResourceNotFoundException',
    { [id(1)]: ['AWSCURRENT'], [id(2)]: ['AWSPENDING'] },
  ]);
  stale.lag = { writes: 2 };
  expect([await read({ VersionId: id(2) }), await stages()]).toEqual([
    'ResourceNotFoundException',
    { [id(1)]: ['AWSCURRENT'] },
  ]);
  stale.lag = { writes: 3 };
  expect((await model.listSecrets({})).SecretList).toEqual([]);
  await expect(model.describeSecret({ SecretId: arn })).rejects.toMatchObject(refused('ResourceNotFoundException'));
  await expect(model.listSecretVersionIds({ SecretId: arn })).rejects.toMatchObject(
    refused('ResourceNotFoundException'),
  );
});

test('C10: a read may answer what was true so long ago, at most ten seconds', async () => {
  const { model, stale, read, clock } = await withStaleReads();
  clock.ms += 60_000;
  await model.putSecretValue(put('two', 2));
  clock.ms += 3000;
  await model.putSecretValue(put('three', 3));

  const after = async (lagMs: number) => {
    stale.lag = { lagMs };
    return read();
  };

  expect([await after(0), await after(1), await after(3000), await after(3001)]).toEqual([
    'three',
    'two',
    'two',
    'one',
  ]);
  expect(await after(600_000)).toBe('one');
  clock.ms += 7000;
  expect(await after(600_000)).toBe('two');
  clock.ms += 3000;
  expect(await after(600_000)).toBe('three');
});

test('C10: a write acts on what is true, however stale the reads are', async () => {
  const { model, stale, read, arn } = await withStaleReads();
  stale.lag = { writes: 9 };
  await model.putSecretValue(put('two', 2, ['AWSPENDING']));

  const again = model.putSecretValue(put('other', 2, ['AWSPENDING']));
  await expect(again).rejects.toMatchObject(refused('ResourceExistsException'));
  const move = { SecretId: 'app', VersionStage: 'AWSCURRENT', MoveToVersionId: id(2), RemoveFromVersionId: id(1) };
  await model.updateSecretVersionStage(move);
  await expect(model.updateSecretVersionStage(move)).rejects.toMatchObject(refused('InvalidParameterException'));

  expect(await read()).toBe('ResourceNotFoundException');
  expect(model.peek(arn)?.labels).toEqual(
    new Map([
      ['AWSCURRENT', id(2)],
      ['AWSPENDING', id(2)],
      ['AWSPREVIOUS', id(1)],
    ]),
  );
});

test('the truth can be looked at without being an access', async () => {
  const { model, clock, arn } = await withSecret();
  await model.rotateSecret(rotate(2));

  expect(model.peek(arn)).toEqual({
    labels: new Map([
      ['AWSCURRENT', id(1)],
      ['AWSPENDING', id(2)],
    ]),
    versions: new Map([
      [id(1), 'one'],
      [id(2), undefined],
    ]),
    deletionAt: undefined,
    rotationEnabled: true,
    open: { token: id(2), test: false },
  });
  expect((await model.describeSecret({ SecretId: 'app' })).LastAccessedDate).toBeUndefined();

  await model.deleteSecret({ SecretId: 'app', RecoveryWindowInDays: 7 });
  expect(model.peek(arn)?.deletionAt).toBe(clock.ms + 7 * 86_400_000);
  clock.ms += 7 * 86_400_000;
  expect(model.peek(arn)).toBeUndefined();
});

test('a name is free again when its secret is gone, and the new one is another secret', async () => {
  const { model, arn } = await withSecret();
  await model.deleteSecret({ SecretId: 'app', ForceDeleteWithoutRecovery: true });

  const again = await model.createSecret({ Name: 'app', SecretString: 'one', ClientRequestToken: id(1) });

  expect(again.ARN).not.toBe(arn);
  await expect(model.describeSecret({ SecretId: arn })).rejects.toMatchObject(refused('ResourceNotFoundException'));
  await expect(model.restoreSecret({ SecretId: arn })).rejects.toMatchObject(refused('ResourceNotFoundException'));
});
