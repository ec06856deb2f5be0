import { randomUUID } from 'node:crypto';

import { hidden } from '@keyturn/rotation/hidden';
import { describe, expect, test } from 'vitest';

import { rotationLabel } from './secret-store.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';
import { secretStore } from './secrets-manager-store.ts';

export type SecretsManagerUnderTest = {
  /** Over the wire or in memory. Other tests may use the same one: the suite makes its own secrets. */
  readonly calls: SecretsManagerCalls;
  /** A rotation function that may be attached, and whose first step fails: a rotation stays where it began. */
  readonly lambdaArn: string;
};

const schedule = 'rate(10 days)';
const dayMs = 86_400_000;
const text = (value: string) => hidden(JSON.stringify({ value }));

/** What the store promises over Secrets Manager; the numbers are those of the facts about the rotation contract. */
export function testSecretStore(
  name: string,
  setUp: () => SecretsManagerUnderTest | Promise<SecretsManagerUnderTest>,
): void {
  async function newSecret(tags: Readonly<Record<string, string>> = {}, beside?: SecretsManagerUnderTest) {
    const { calls, lambdaArn } = beside ?? (await setUp());
    const first = randomUUID();
    const { ARN } = await calls.createSecret({
      Name: `conformance/${randomUUID()}`,
      ClientRequestToken: first,
      SecretString: text('first').reveal(),
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
    const arn = ARN!;
    const store = secretStore(calls);
    const put = (token: string, value: string) =>
      store.putPending({ arn, token, text: text(value), rotationToken: undefined });
    const labels = async (versionId: string) => [...((await store.describe(arn)).stages.get(versionId) ?? [])].sort();
    const read = async (which: { versionId?: string; stage?: string }) =>
      (await store.value(arn, which))?.text.reveal();
    /** As Secrets Manager begins a rotation: the version is there, pending, and empty (C1). */
    const begin = async () => {
      const token = randomUUID();
      await calls.rotateSecret({
        SecretId: arn,
        ClientRequestToken: token,
        RotationLambdaARN: lambdaArn,
        RotationRules: { ScheduleExpression: schedule },
      });
      return token;
    };
    return { calls, lambdaArn, store, arn, first, put, labels, read, begin };
  }

  describe(`${name} as a secret store`, () => {
    test('describes a secret: name, tags, labels, and no rotation yet', async () => {
      const { store, arn, first } = await newSecret({ 'keyturn:provider': 'apigee', team: '' });

      const description = await store.describe(arn);

      expect(description).toMatchObject({
        arn,
        name: expect.stringMatching(/^conformance\//) as string,
        tags: { 'keyturn:provider': 'apigee', team: '' },
        rotation: { enabled: false, lambdaArn: undefined, schedule: undefined, nextAt: undefined, lastAt: undefined },
        deletedAt: undefined,
        replicas: [],
      });
      expect(description.stages).toEqual(new Map([[first, ['AWSCURRENT']]]));
    });

    test('a secret that has replicas is none itself, though it names its Region as they do', async () => {
      const { calls } = await setUp();
      const { ARN: arn } = await calls.createSecret({
        Name: `conformance/${randomUUID()}`,
        ClientRequestToken: randomUUID(),
        SecretString: text('first').reveal(),
        AddReplicaRegions: [{ Region: 'ap-southeast-2' }],
      });

      const description = await secretStore(calls).describe(arn!);

      const { PrimaryRegion: primary } = await calls.describeSecret({ SecretId: arn });
      expect(primary).toBe(arn!.split(':')[3]);
      expect(description).toMatchObject({ isReplica: false, replicas: [{ region: 'ap-southeast-2' }] });
    });

    test('reads by label, by version, by both; and the current value when nothing is asked for', async () => {
      const { store, arn, first, read } = await newSecret();

      const version = await store.value(arn, {});

      expect(version).toMatchObject({ versionId: first, createdAt: expect.any(Number) as number });
      expect(await read({ stage: 'AWSCURRENT' })).toBe(text('first').reveal());
      expect(await read({ versionId: first })).toBe(text('first').reveal());
      expect(await read({ versionId: first, stage: 'AWSCURRENT' })).toBe(text('first').reveal());
    });

    test('answers nothing for a label or version that nobody knows, or that do not belong together (C8)', async () => {
      const { first, read } = await newSecret();

      expect(await read({ stage: 'AWSPENDING' })).toBeUndefined();
      expect(await read({ versionId: randomUUID() })).toBeUndefined();
      expect(await read({ versionId: randomUUID(), stage: 'AWSPENDING' })).toBeUndefined();
      expect(await read({ versionId: first, stage: 'AWSPREVIOUS' })).toBeUndefined();
    });

    test('tells on which day each version was read last, by whatever name, without labels too; one nobody read is not told', async () => {
      const { store, calls, arn, first, put } = await newSecret();
      const [unlabelled, unread] = [randomUUID(), randomUUID()];
      await put(unlabelled, 'second');
      await store.value(arn, { versionId: unlabelled });
      await put(unread, 'third');
      await store.value(arn, { stage: 'AWSCURRENT' });

      const days = await store.lastRead(arn);

      const { CreatedDate: before } = await calls.getSecretValue({ SecretId: arn });
      const later = randomUUID();
      await put(later, 'fourth');
      const { CreatedDate: after } = await calls.getSecretValue({ SecretId: arn, VersionId: later });
      const [from, to] = [before!.getTime() - dayMs, after!.getTime()];
      expect((await store.describe(arn)).stages.has(unlabelled)).toBe(false);
      expect([...days.keys()].sort()).toEqual([first, unlabelled].sort());
      for (const day of days.values()) {
        expect(day % dayMs).toBe(0);
        expect(day > from && day <= to).toBe(true);
      }
    });

    test('tells the last reads of more versions than fit on a page', async () => {
      const { store, arn, put } = await newSecret();
      const versions = Array.from({ length: 105 }, () => randomUUID());
      for (const version of versions) {
        await put(version, version);
        await store.value(arn, { versionId: version });
      }

      const days = await store.lastRead(arn);

      expect(versions.filter((version) => !days.has(version))).toEqual([]);
    });

    test('sees the version that a rotation announced, pending and without a value, and fills it (C1)', async () => {
      const { begin, labels, read, put } = await newSecret();
      const token = await begin();

      const before = await read({ versionId: token, stage: 'AWSPENDING' });
      const announced = await labels(token);
      const outcome = await put(token, 'next');

      expect(before).toBeUndefined();
      expect(announced).toEqual(['AWSPENDING']);
      expect(outcome).toBe('written');
      expect(await read({ versionId: token, stage: 'AWSPENDING' })).toBe(text('next').reveal());
    });

    test('writes a pending version beside the current one, with the label that tells a rotation of ours', async () => {
      const { first, labels, put, read } = await newSecret();
      const token = randomUUID();

      const outcome = await put(token, 'next');

      expect(outcome).toBe('written');
      expect(await labels(token)).toEqual(['AWSPENDING', rotationLabel]);
      expect(await labels(first)).toEqual(['AWSCURRENT']);
      expect(await read({ stage: 'AWSCURRENT' })).toBe(text('first').reveal());
    });

    test('keeps the value that was written first under a token, whoever repeats the write (C5)', async () => {
      const { labels, put, read } = await newSecret();
      const token = randomUUID();
      await put(token, 'mine');

      const again = await put(token, 'mine');
      const other = await put(token, 'another');

      expect([again, other]).toEqual(['written', 'exists']);
      expect(await read({ versionId: token })).toBe(text('mine').reveal());
      expect(await labels(token)).toEqual(['AWSPENDING', rotationLabel]);
    });

    test('moves AWSCURRENT as compare-and-set, and AWSPREVIOUS follows (C6)', async () => {
      const { store, arn, first, labels, put, read } = await newSecret();
      const token = randomUUID();
      await put(token, 'next');

      const moved = await store.moveCurrent({ arn, from: first, to: token });

      expect(moved).toBe('moved');
      expect(await labels(token)).toContain('AWSCURRENT');
      expect(await labels(first)).toEqual(['AWSPREVIOUS']);
      expect(await read({})).toBe(text('next').reveal());
    });

    test('moves AWSCURRENT back', async () => {
      const { store, arn, first, labels, put } = await newSecret();
      const token = randomUUID();
      await put(token, 'next');
      await store.moveCurrent({ arn, from: first, to: token });

      const moved = await store.moveCurrent({ arn, from: token, to: first });

      expect(moved).toBe('moved');
      expect(await labels(first)).toEqual(['AWSCURRENT']);
      expect(await labels(token)).toContain('AWSPREVIOUS');
    });

    test('loses against whoever moved AWSCURRENT before, and changes nothing then', async () => {
      const { store, calls, arn, first, labels, put } = await newSecret();
      const [token, edit] = [randomUUID(), randomUUID()];
      await put(token, 'next');
      await calls.putSecretValue({ SecretId: arn, ClientRequestToken: edit, SecretString: text('by hand').reveal() });

      const moved = await store.moveCurrent({ arn, from: first, to: token });

      expect(moved).toBe('lost');
      expect(await labels(edit)).toEqual(['AWSCURRENT']);
      expect(await labels(token)).not.toContain('AWSCURRENT');
    });

    test.each([
      ['', false],
      [', though the secret was deleted since', true],
    ])('finds a move that was made already made%s', async (_, isDeleted) => {
      const { store, calls, arn, first, labels, put } = await newSecret();
      const token = randomUUID();
      await put(token, 'next');
      await store.moveCurrent({ arn, from: first, to: token });
      if (isDeleted) await calls.deleteSecret({ SecretId: arn, RecoveryWindowInDays: 7 });

      const again = await store.moveCurrent({ arn, from: first, to: token });

      expect(again).toBe('moved');
      expect(await labels(first)).toEqual(['AWSPREVIOUS']);
    });

    test('refuses to move AWSCURRENT to a version that is not there', async () => {
      const { store, arn, first, labels } = await newSecret();

      const moving = store.moveCurrent({ arn, from: first, to: randomUUID() });

      await expect(moving).rejects.toMatchObject({ reason: 'misconfigured', field: 'MoveToVersionId' });
      expect(await labels(first)).toEqual(['AWSCURRENT']);
    });

    test('takes AWSPENDING off a version, once and again, and off no other version (C7)', async () => {
      const { store, arn, first, labels, put } = await newSecret();
      const token = randomUUID();
      await put(token, 'next');

      await store.dropPending({ arn, versionId: first });
      const others = await labels(token);
      await store.dropPending({ arn, versionId: token });
      await store.dropPending({ arn, versionId: token });
      await store.dropPending({ arn, versionId: randomUUID() });

      expect(others).toContain('AWSPENDING');
      expect(await labels(token)).toEqual([rotationLabel]);
    });

    test('reads bytes and writes them back as bytes, whatever they are', async () => {
      const { store, calls, arn } = await newSecret();
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      await calls.putSecretValue({ SecretId: arn, ClientRequestToken: randomUUID(), SecretBinary: bytes });
      const token = randomUUID();

      const found = await store.value(arn, { stage: 'AWSCURRENT' });
      const outcome = await store.putPending({
        arn,
        token,
        text: found!.text,
        binary: found!.binary,
        rotationToken: undefined,
      });

      expect(found).toMatchObject({ binary: true });
      expect(found!.text.reveal()).toBe(Buffer.from(bytes).toString('latin1'));
      expect(outcome).toBe('written');
      const written = await calls.getSecretValue({ SecretId: arn, VersionId: token });
      expect(written.SecretString).toBeUndefined();
      expect(new Uint8Array(written.SecretBinary!)).toEqual(bytes);
    });

    test('tells text from bytes of the same characters, and keeps what was written first', async () => {
      const { store, arn, put } = await newSecret();
      const token = randomUUID();
      await put(token, 'next');

      const other = await store.putPending({ arn, token, text: text('next'), binary: true, rotationToken: undefined });

      expect(other).toBe('exists');
      expect(await store.value(arn, { versionId: token })).toMatchObject({ binary: false });
    });

    test('tells a secret that is missing from one that waits for its deletion (C17)', async () => {
      const { store, calls, arn, first, begin } = await newSecret();
      await begin();
      await calls.deleteSecret({ SecretId: arn, RecoveryWindowInDays: 7 });
      const to = randomUUID();
      const everything = (id: string) => [
        store.value(id, {}),
        store.value(id, { versionId: first, stage: 'AWSCURRENT' }),
        store.value(id, { versionId: first }),
        store.putPending({ arn: id, token: randomUUID(), text: text('late'), rotationToken: undefined }),
        store.moveCurrent({ arn: id, from: first, to }),
        store.dropPending({ arn: id, versionId: first }),
        store.tag(id, { team: 'late' }),
        store.rotateNow(id),
        store.attachRotation({ arn: id, lambdaArn: 'arn:aws:lambda:::f', schedule, duration: undefined }),
      ];
      const reasons = async (id: string) =>
        (await Promise.allSettled(everything(id))).map((outcome) =>
          outcome.status === 'rejected' ? (outcome.reason as { reason?: string }).reason : 'no error',
        );

      const { deletedAt } = await store.describe(arn);

      expect(deletedAt).toEqual(expect.any(Number));
      expect(new Set(await reasons(arn))).toEqual(new Set(['secret-deleting']));
      const missing = arn.replace(/[^-]+$/, 'absent');
      expect(new Set(await reasons(missing))).toEqual(new Set(['secret-missing']));
      await expect(store.describe(missing)).rejects.toMatchObject({ reason: 'secret-missing', field: 'SecretId' });
    });

    test('lists the secrets with exactly this tag, each with its description', async () => {
      const { store, calls, lambdaArn, arn } = await newSecret({ 'keyturn:provider': 'apigee' });
      const { arn: longer } = await newSecret({ 'keyturn:provider-of-old': 'apigee' }, { calls, lambdaArn });
      const { arn: untagged } = await newSecret({ team: 'payments' }, { calls, lambdaArn });

      const listed = [];
      for await (const description of store.listTagged('keyturn:provider')) listed.push(description);

      const arns = listed.map((description) => description.arn);
      expect(arns).toContain(arn);
      expect(arns).not.toContain(longer);
      expect(arns).not.toContain(untagged);
      expect(listed.find((description) => description.arn === arn)).toEqual(await store.describe(arn));
    });

    test('adds tags to those that are there', async () => {
      const { store, arn } = await newSecret({ team: 'payments' });

      await store.tag(arn, { 'keyturn:provider': 'apigee', 'keyturn:owner': 'payments' });

      const { tags } = await store.describe(arn);
      expect(tags).toEqual({ team: 'payments', 'keyturn:provider': 'apigee', 'keyturn:owner': 'payments' });
    });

    test('attaches function and schedule without rotating (C12)', async () => {
      const { store, arn, lambdaArn, first, labels } = await newSecret();

      await store.attachRotation({ arn, lambdaArn, schedule, duration: '3h' });

      const { rotation } = await store.describe(arn);
      expect(rotation).toMatchObject({ enabled: true, lambdaArn, schedule, nextAt: expect.any(Number) as number });
      expect(rotation.lastAt).toBeUndefined();
      expect(await labels(first)).toContain('AWSCURRENT');
    });

    test('starts a rotation now, and finds it running when asked again (C3)', async () => {
      const { store, arn, begin, labels } = await newSecret();
      const token = await begin();
      await store.dropPending({ arn, versionId: token });

      const started = await store.rotateNow(arn);
      const again = await store.rotateNow(arn);

      expect(started.state).toBe('started');
      expect(await labels(started.versionId)).toContain('AWSPENDING');
      expect(again).toEqual({ versionId: started.versionId, state: 'running' });
    });

    test('refuses to rotate a secret that has no rotation function', async () => {
      const { store, arn } = await newSecret();

      const rotating = store.rotateNow(arn);

      await expect(rotating).rejects.toMatchObject({ reason: 'misconfigured', field: 'RotationLambdaARN' });
    });
  });
}
