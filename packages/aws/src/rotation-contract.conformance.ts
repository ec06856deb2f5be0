import { randomUUID } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import type { SecretsManagerCalls } from './secrets-manager-calls.ts';
import type { Lag } from './secrets-manager-history.ts';
import type { RotationStep } from './secrets-manager-steps.ts';

type ToldEvent = {
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: unknown;
};

export type RotationContractUnderTest = {
  readonly calls: SecretsManagerCalls;
  /** A rotation function that may be attached, and does what `onStep` was told last. */
  readonly lambdaArn: string;
  /** How often the whole process is tried before it waits for its next date: twice or more. */
  readonly attempts: number;
  readonly onStep: (work: (step: RotationStep) => Promise<void>) => void;
  /** Resolves when nothing runs by itself any more, no further attempt either. */
  readonly settle: () => Promise<void>;
  /** Lets that much time pass. Rotations whose date has come then run, and settle. */
  readonly advance: (ms: number) => Promise<void>;
  /** What Secrets Manager told on the default bus, in order. */
  readonly events: () => readonly ToldEvent[];
  /** From now on every read answers so late. */
  readonly makeStale: (lag: Lag | undefined) => void;
};

type SetUp = () => RotationContractUnderTest | Promise<RotationContractUnderTest>;
type Work = (step: RotationStep) => Promise<void>;

const dayMs = 86_400_000;
const schedule = { ScheduleExpression: 'rate(30 days)' };
const allSteps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
const incomplete = {
  name: 'InvalidRequestException',
  message: "A previous rotation isn't complete. That rotation will be reattempted.",
};
const refused = (name: string) => ({ name: `${name}Exception` });

async function newSecret(setUp: SetUp) {
  const subject = await setUp();
  const { calls, lambdaArn } = subject;
  const first = randomUUID();
  const { ARN: arn = '' } = await calls.createSecret({
    Name: `contract/${randomUUID()}`,
    ClientRequestToken: first,
    SecretString: 'first',
  });
  const steps: RotationStep[] = [];

  const put = (token: string, SecretString: string, VersionStages?: string[]) =>
    calls.putSecretValue({ SecretId: arn, ClientRequestToken: token, SecretString, VersionStages });
  const move = (VersionStage: string, from: string | undefined, to: string | undefined) =>
    calls.updateSecretVersionStage({
      SecretId: arn,
      VersionStage,
      RemoveFromVersionId: from,
      MoveToVersionId: to,
    });
  const labels = async () => {
    const { VersionIdsToStages = {} } = await calls.describeSecret({ SecretId: arn });
    return Object.fromEntries(Object.entries(VersionIdsToStages).map(([id, stages]) => [id, [...stages].sort()]));
  };
  const read = (which: { VersionId?: string; VersionStage?: string } = {}) =>
    calls.getSecretValue({ SecretId: arn, ...which }).then(
      ({ SecretString }) => SecretString,
      ({ name }: Error) => name,
    );

  /** As a rotation function does it, at its simplest. */
  const rotateBySteps: Work = async ({ Step, ClientRequestToken: token }) => {
    const { [token]: own = [], ...others } = await labels();
    if (own.includes('AWSCURRENT')) return;
    if (Step === 'createSecret') await put(token, `value of ${token}`, ['AWSPENDING']);
    const from = Object.entries(others).find(([, stages]) => stages.includes('AWSCURRENT'))?.[0];
    if (Step === 'finishSecret') await move('AWSCURRENT', from, token);
  };
  /** What the function does before it does its work, or instead of it by throwing. */
  const whenRotating = (before: Work) =>
    subject.onStep(async (step) => {
      steps.push(step);
      await before(step);
      await rotateBySteps(step);
    });
  whenRotating(async () => {});

  const rotate = (more: object = {}) =>
    calls.rotateSecret({ SecretId: arn, RotationLambdaARN: lambdaArn, RotationRules: schedule, ...more });
  const notices = () =>
    subject.events().flatMap(({ detail }) => {
      const { eventName } = detail as { eventName?: string };
      return eventName ?? [];
    });
  const stepNames = () => steps.map(({ Step }) => Step);
  return { ...subject, arn, first, steps, stepNames, put, move, labels, read, whenRotating, rotate, notices };
}

/** What AWS says, or what was seen of AWS, about a rotation: every Secrets Manager that Keyturn is tried against keeps it. */
export function testRotationContract(name: string, setUp: SetUp): void {
  describe(`${name} keeps the rotation contract`, () => {
    testProcess(() => newSecret(setUp));
    testVersionsAndLabels(() => newSecret(setUp));
    testAroundRotation(() => newSecret(setUp));
    testEvents(() => newSecret(setUp));
  });
}

type Subject = Awaited<ReturnType<typeof newSecret>>;

function testProcess(lab: () => Promise<Subject>): void {
  test('C1: the version is registered, AWSPENDING and without a value, before the first step', async () => {
    const { whenRotating, labels, read, rotate, settle, first } = await lab();
    const found: unknown[] = [];
    whenRotating(async ({ Step, ClientRequestToken: VersionId }) => {
      if (Step === 'createSecret') found.push(await labels(), await read({ VersionId, VersionStage: 'AWSPENDING' }));
    });

    const { VersionId = '' } = await rotate();
    await settle();

    expect(found).toEqual([{ [first]: ['AWSCURRENT'], [VersionId]: ['AWSPENDING'] }, 'ResourceNotFoundException']);
  });

  test('C1: a rotation whose function wrote nothing leaves its version pending and empty', async () => {
    const { onStep, labels, read, rotate, settle, first } = await lab();
    onStep(async () => {});

    const { VersionId = '' } = await rotate();
    await settle();

    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'], [VersionId]: ['AWSPENDING'] });
    expect(await read({ VersionId })).toBe('ResourceNotFoundException');
  });

  test.each([
    ['createSecret', ['createSecret']],
    ['setSecret', ['createSecret', 'setSecret']],
    ['testSecret', ['createSecret', 'setSecret', 'testSecret']],
    ['finishSecret', allSteps],
  ])('C2: if %s fails, the whole process runs again, with the same token', async (failing, until) => {
    const { whenRotating, steps, stepNames, rotate, settle, read } = await lab();
    let failures = 1;
    whenRotating(async ({ Step }) => {
      if (Step === failing && failures-- > 0) throw new Error('down');
    });

    const { VersionId } = await rotate();
    await settle();

    expect(stepNames()).toEqual([...until, ...allSteps]);
    expect(new Set(steps.map(({ ClientRequestToken }) => ClientRequestToken))).toEqual(new Set([VersionId]));
    expect(await read()).toBe(`value of ${VersionId}`);
  });

  test('C2: a step that threw after it moved the label is run again, with all before it', async () => {
    const { whenRotating, move, stepNames, rotate, settle, first, labels } = await lab();
    whenRotating(async ({ Step, ClientRequestToken: token }) => {
      if (Step !== 'finishSecret' || (await labels())[token]?.includes('AWSCURRENT') === true) return;
      await move('AWSCURRENT', first, token);
      throw new Error('the answer was lost');
    });

    const { VersionId = '' } = await rotate();
    await settle();

    expect(stepNames()).toEqual([...allSteps, ...allSteps]);
    expect(await labels()).toEqual({ [VersionId]: ['AWSCURRENT'], [first]: ['AWSPREVIOUS'] });
  });

  test('C2: a rotation that fails too often stays pending, and runs again at its next date', async () => {
    const { attempts, whenRotating, stepNames, labels, rotate, settle, advance, first } = await lab();
    let down = true;
    whenRotating(async () => {
      if (down) throw new Error('down');
    });
    const { VersionId = '' } = await rotate();
    await settle();
    const failed = stepNames();
    const pending = await labels();

    down = false;
    await advance(31 * dayMs);

    expect(failed).toEqual(Array.from({ length: attempts }, () => 'createSecret'));
    expect(pending).toEqual({ [first]: ['AWSCURRENT'], [VersionId]: ['AWSPENDING'] });
    expect(stepNames().slice(attempts)).toEqual(allSteps);
    expect(await labels()).toEqual({ [VersionId]: ['AWSCURRENT'], [first]: ['AWSPREVIOUS'] });
  });

  test('C3: where another version is pending, RotateSecret is refused, and runs that rotation again', async () => {
    const { whenRotating, steps, labels, rotate, settle, first } = await lab();
    let down = true;
    whenRotating(async () => {
      if (down) throw new Error('down');
    });
    const { VersionId = '' } = await rotate();
    await settle();
    const before = steps.length;
    down = false;

    await expect(rotate()).rejects.toMatchObject(incomplete);
    await settle();

    expect(steps.slice(before).map(({ ClientRequestToken }) => ClientRequestToken)).toEqual(Array(4).fill(VersionId));
    expect(await labels()).toEqual({ [VersionId]: ['AWSCURRENT'], [first]: ['AWSPREVIOUS'] });
  });

  test('C3: a version that somebody put pending by hand is in the way too', async () => {
    const { put, labels, rotate, settle, first } = await lab();
    const token = randomUUID();
    await put(token, 'left behind', ['AWSPENDING']);

    await expect(rotate()).rejects.toMatchObject(incomplete);
    await settle();

    expect((await labels())[first]).not.toContain('AWSPENDING');
  });

  test('C3: while a rotation runs, RotateSecret begins no second one beside it', async () => {
    const { whenRotating, stepNames, rotate, settle } = await lab();
    const refusals: unknown[] = [];
    let asked = false;
    whenRotating(async ({ Step }) => {
      if (Step !== 'setSecret' || asked) return;
      asked = true;
      await rotate().catch((error: Error) => refusals.push(error.message));
    });

    await rotate();
    await settle();

    expect(refusals).toEqual([incomplete.message]);
    expect(stepNames()).toEqual(allSteps);
  });

  test.each(['PutSecretValue', 'UpdateSecret'])(
    'C4: a value saved by hand with %s in the middle takes AWSPENDING away, and ends the rotation',
    async (operation) => {
      const { calls, arn, whenRotating, stepNames, labels, read, notices, rotate, settle, first } = await lab();
      const edit = { SecretId: arn, ClientRequestToken: randomUUID(), SecretString: 'by hand' };
      whenRotating(async ({ Step }) => {
        if (Step !== 'setSecret') return;
        await (operation === 'UpdateSecret' ? calls.updateSecret(edit) : calls.putSecretValue(edit));
      });

      const { VersionId = '' } = await rotate();
      await settle();

      expect(stepNames()).toEqual(['createSecret', 'setSecret']);
      expect(await labels()).toEqual({ [edit.ClientRequestToken]: ['AWSCURRENT'], [first]: ['AWSPREVIOUS'] });
      expect(await read({ VersionId })).toBe(`value of ${VersionId}`);
      expect(notices()).toEqual(['RotationStarted', 'RotationAbandoned']);
    },
  );

  test('C11: RotateImmediately false runs testSecret alone, on a copy of the current value that is pending only meanwhile', async () => {
    const { whenRotating, stepNames, labels, read, notices, rotate, settle, first } = await lab();
    const found: unknown[] = [];
    whenRotating(async ({ ClientRequestToken: VersionId }) => {
      found.push(VersionId !== first, await labels(), await read({ VersionId, VersionStage: 'AWSPENDING' }));
    });

    const { VersionId = '' } = await rotate({ RotateImmediately: false });
    await settle();

    expect(stepNames()).toEqual(['testSecret']);
    expect(found).toEqual([true, { [first]: ['AWSCURRENT'], [VersionId]: ['AWSPENDING'] }, 'first']);
    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'] });
    expect(notices()).toEqual(['TestRotationStarted', 'TestRotationSucceeded']);
  });

  test('C11: a test that fails leaves nothing pending, and the schedule attached', async () => {
    const { calls, arn, whenRotating, labels, notices, rotate, settle, first } = await lab();
    whenRotating(async () => {
      throw new Error('down');
    });

    await rotate({ RotateImmediately: false });
    await settle();

    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'] });
    expect(notices()).toEqual(['TestRotationStarted', 'TestRotationFailed']);
    const { RotationEnabled, RotationRules, LastRotatedDate } = await calls.describeSecret({ SecretId: arn });
    expect([RotationEnabled, RotationRules?.ScheduleExpression, LastRotatedDate]).toEqual([
      true,
      'rate(30 days)',
      undefined,
    ]);
  });

  test('C12: attaching a schedule rotates at once, unless told otherwise', async () => {
    const { stepNames, rotate, settle, read } = await lab();

    const { VersionId } = await rotate();
    await settle();

    expect(stepNames()).toEqual(allSteps);
    expect(await read()).toBe(`value of ${VersionId}`);
  });

  test('C13: the function gets the camelCase names of the steps, and the secret by its ARN', async () => {
    const { arn, steps, rotate, settle } = await lab();

    const { VersionId } = await rotate();
    await settle();

    expect(steps).toMatchObject(allSteps.map((Step) => ({ Step, SecretId: arn, ClientRequestToken: VersionId })));
  });

  test('C14: every step brings a RotationToken, which PutSecretValue takes back', async () => {
    const { calls, arn, onStep, rotate, settle, read } = await lab();
    const tokens: string[] = [];
    onStep(async ({ Step, ClientRequestToken, RotationToken }) => {
      tokens.push(RotationToken);
      if (Step !== 'createSecret') return;
      const written = { SecretString: 'new', VersionStages: ['AWSPENDING'] };
      await calls.putSecretValue({ SecretId: arn, ClientRequestToken, RotationToken, ...written });
    });

    await rotate({ RotateImmediately: true });
    await settle();

    expect(tokens.length).toBeGreaterThanOrEqual(4);
    expect(tokens.every((token) => token.length >= 36)).toBe(true);
    expect(await read({ VersionStage: 'AWSPENDING' })).toBe('new');
  });

  test('C14: a pending value that an assumed role writes without the RotationToken is refused', ({ skip }) => {
    expect(skip('no subject knows who calls it')).toBe('refused');
  });

  test('C15: invocations that are throttled let a rotation begin again and again, between createSecret and setSecret', async () => {
    const { whenRotating, stepNames, rotate, settle, labels, first } = await lab();
    let throttled = 1;
    whenRotating(async ({ Step }) => {
      if (Step === 'setSecret' && throttled-- > 0) throw new Error('Rate Exceeded.');
    });

    const { VersionId = '' } = await rotate();
    await settle();

    expect(stepNames().slice(0, 4)).toEqual(['createSecret', 'setSecret', 'createSecret', 'setSecret']);
    expect(await labels()).toEqual({ [VersionId]: ['AWSCURRENT'], [first]: ['AWSPREVIOUS'] });
  });

  test('C15: a reserved concurrency below ten throttles', ({ skip }) => {
    expect(skip('no subject limits how many executions run at once')).toBe('throttled');
  });
}

function testVersionsAndLabels(lab: () => Promise<Subject>): void {
  test('C5: PutSecretValue with the same token is a no-op with the same value, and refused with another', async () => {
    const { put, labels, read, first } = await lab();
    const token = randomUUID();
    await put(token, 'mine', ['AWSPENDING']);

    await put(token, 'mine', ['AWSPENDING']);

    await expect(put(token, 'another', ['AWSPENDING'])).rejects.toMatchObject(refused('ResourceExists'));
    expect(await read({ VersionId: token })).toBe('mine');
    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'], [token]: ['AWSPENDING'] });
  });

  test('C5: PutSecretValue without VersionStages moves AWSCURRENT, in a rotation too', async () => {
    const { onStep, put, labels, rotate, settle, first } = await lab();
    onStep(async ({ Step, ClientRequestToken }) => {
      if (Step === 'createSecret') await put(ClientRequestToken, 'at once');
    });

    const { VersionId = '' } = await rotate();
    await settle();

    expect(await labels()).toEqual({ [VersionId]: ['AWSCURRENT'], [first]: ['AWSPREVIOUS'] });
  });

  test('C6: a label moves only from where the caller says that it stands', async () => {
    const { put, move, labels, first } = await lab();
    const [token, unknown] = [randomUUID(), randomUUID()];
    await put(token, 'next', ['AWSPENDING']);

    await expect(move('AWSCURRENT', undefined, token)).rejects.toMatchObject(refused('InvalidParameter'));
    await expect(move('AWSCURRENT', token, token)).rejects.toMatchObject(refused('InvalidParameter'));
    await expect(move('AWSPENDING', first, undefined)).rejects.toMatchObject(refused('InvalidParameter'));
    await expect(move('AWSCURRENT', first, unknown)).rejects.toMatchObject(refused('ResourceNotFound'));
    await expect(move('AWSCURRENT', first, undefined)).rejects.toMatchObject(refused('InvalidParameter'));

    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'], [token]: ['AWSPENDING'] });
  });

  test('C6: AWSPREVIOUS follows AWSCURRENT by itself, forth and back', async () => {
    const { put, move, labels, first } = await lab();
    const token = randomUUID();
    await put(token, 'next', ['AWSPENDING']);

    await move('AWSCURRENT', first, token);
    const forth = await labels();
    await move('AWSCURRENT', token, first);

    expect(forth).toEqual({ [token]: ['AWSCURRENT', 'AWSPENDING'], [first]: ['AWSPREVIOUS'] });
    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'], [token]: ['AWSPENDING', 'AWSPREVIOUS'] });
  });

  test('C7: AWSPENDING stands beside AWSCURRENT until the rotation is over, then it is gone', async () => {
    const { onStep, put, move, labels, rotate, settle, first } = await lab();
    const found: unknown[] = [];
    onStep(async ({ Step, ClientRequestToken: token }) => {
      if (Step === 'createSecret') await put(token, 'new', ['AWSPENDING']);
      if (Step !== 'finishSecret') return;
      await move('AWSCURRENT', first, token);
      found.push((await labels())[token]);
    });

    const { VersionId = '' } = await rotate();
    await settle();

    expect(found).toEqual([['AWSCURRENT', 'AWSPENDING']]);
    expect(await labels()).toEqual({ [VersionId]: ['AWSCURRENT'], [first]: ['AWSPREVIOUS'] });
  });

  test('C7: both labels on one version count as finished: the next rotation begins', async () => {
    const { put, move, labels, rotate, settle, first } = await lab();
    const both = randomUUID();
    await put(both, 'new', ['AWSPENDING']);
    await move('AWSCURRENT', first, both);

    const { VersionId = '' } = await rotate();
    await settle();

    expect(await labels()).toEqual({ [VersionId]: ['AWSCURRENT'], [both]: ['AWSPREVIOUS'] });
  });

  test('C8: a label on another version is a bad request; a version or label that nobody knows is not found', async () => {
    const { put, read, first } = await lab();
    const token = randomUUID();
    await put(token, 'next', ['AWSPENDING']);

    expect(await read({ VersionId: token, VersionStage: 'AWSPENDING' })).toBe('next');
    expect(await read({ VersionId: first, VersionStage: 'AWSPENDING' })).toBe('InvalidRequestException');
    expect(await read({ VersionId: randomUUID() })).toBe('ResourceNotFoundException');
    expect(await read({ VersionId: randomUUID(), VersionStage: 'AWSCURRENT' })).toBe('ResourceNotFoundException');
    expect(await read({ VersionStage: 'AWSPREVIOUS' })).toBe('ResourceNotFoundException');
  });

  test('C9: AWSPREVIOUS holds one version; the one before it has no label, and can still be read', async () => {
    const { calls, arn, put, labels, read, first } = await lab();
    const [second, third] = [randomUUID(), randomUUID()];
    await put(second, 'second');
    await put(third, 'third');

    expect(await labels()).toEqual({ [third]: ['AWSCURRENT'], [second]: ['AWSPREVIOUS'] });
    expect(await read({ VersionId: first })).toBe('first');
    const listed = await calls.listSecretVersionIds({ SecretId: arn });
    expect(listed.Versions?.map(({ VersionId }) => VersionId)).not.toContain(first);
  });

  test('C9: beyond 100 versions those without a label go, the oldest first, none within its first day', async () => {
    const { put, read, advance, first } = await lab();
    const second = randomUUID();
    await put(second, 'second');
    for (let nth = 3; nth <= 105; nth += 1) await put(randomUUID(), `value ${nth}`);
    const kept = await read({ VersionId: first });

    await advance(dayMs + 1);
    await put(randomUUID(), 'a day later');

    expect(kept).toBe('first');
    expect([await read({ VersionId: first }), await read({ VersionId: second }), await read()]).toEqual([
      'ResourceNotFoundException',
      'ResourceNotFoundException',
      'a day later',
    ]);
  });

  test('C9: a secret has at most 20 labels; what is refused changes nothing', async () => {
    const { put, move, read, first } = await lab();
    const token = randomUUID();
    for (let nth = 2; nth <= 20; nth += 1) await move(`label-${nth}`, undefined, first);

    await expect(move('label-21', undefined, first)).rejects.toMatchObject(refused('LimitExceeded'));
    await expect(put(token, 'next', ['label-21'])).rejects.toMatchObject(refused('LimitExceeded'));
    expect(await read({ VersionId: token })).toBe('ResourceNotFoundException');
  });

  test('C10: a read may not see yet what was just written, and then refuses as if it were not there', async () => {
    const { put, read, labels, makeStale, first } = await lab();
    const token = randomUUID();
    await put(token, 'next', ['AWSPENDING']);

    makeStale({ writes: 1 });

    expect(await read({ VersionId: token, VersionStage: 'AWSPENDING' })).toBe('ResourceNotFoundException');
    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'] });
    makeStale(undefined);
    expect(await read({ VersionId: token, VersionStage: 'AWSPENDING' })).toBe('next');
  });

  test('C10: a write acts on what is true, whatever reads see', async () => {
    const { put, move, makeStale, labels, first } = await lab();
    const [token, edit] = [randomUUID(), randomUUID()];
    await put(token, 'next', ['AWSPENDING']);
    await put(edit, 'by hand');

    makeStale({ writes: 2 });

    await expect(put(token, 'another', ['AWSPENDING'])).rejects.toMatchObject(refused('ResourceExists'));
    await expect(move('AWSCURRENT', first, token)).rejects.toMatchObject(refused('InvalidParameter'));
    makeStale(undefined);
    expect((await labels())[edit]).toEqual(['AWSCURRENT']);
  });
}

function testAroundRotation(lab: () => Promise<Subject>): void {
  test('C16: a value saved by hand counts as a rotation for AutomaticallyAfterDays', async () => {
    const { calls, arn, put, rotate, settle, advance, stepNames } = await lab();
    await rotate({ RotateImmediately: false, RotationRules: { AutomaticallyAfterDays: 10 } });
    await settle();
    const tested = stepNames().length;
    await advance(6 * dayMs);

    await put(randomUUID(), 'by hand');

    await advance(6 * dayMs);
    expect(stepNames().length).toBe(tested);
    const { LastRotatedDate } = await calls.describeSecret({ SecretId: arn });
    expect(LastRotatedDate).toBeUndefined();
    await advance(5 * dayMs);
    expect(stepNames().slice(tested)).toEqual(allSteps);
  });

  test('C17: a deleted secret refuses everything but its description, until it is restored', async () => {
    const { calls, arn, put, move, read, rotate, first } = await lab();
    const tags = { SecretId: arn, Tags: [{ Key: 'team', Value: 'x' }] };

    await calls.deleteSecret({ SecretId: arn, RecoveryWindowInDays: 7 });

    const late = await Promise.allSettled([
      put(randomUUID(), 'late'),
      move('AWSPENDING', undefined, first),
      rotate(),
      calls.updateSecret({ SecretId: arn, SecretString: 'late' }),
      calls.cancelRotateSecret({ SecretId: arn }),
      calls.tagResource(tags),
    ]);
    expect(late).toMatchObject(late.map(() => ({ status: 'rejected', reason: refused('InvalidRequest') })));
    expect(await read()).toBe('InvalidRequestException');
    expect((await calls.describeSecret({ SecretId: arn })).DeletedDate).toBeInstanceOf(Date);

    await calls.restoreSecret({ SecretId: arn });

    expect(await read()).toBe('first');
    expect((await calls.describeSecret({ SecretId: arn })).DeletedDate).toBeUndefined();
  });

  test('C17: the window is 7 to 30 days, 30 if nobody says; then the secret is gone', async () => {
    const { calls, arn, read, advance } = await lab();
    for (const RecoveryWindowInDays of [6, 31]) {
      const outside = calls.deleteSecret({ SecretId: arn, RecoveryWindowInDays });
      await expect(outside).rejects.toMatchObject(refused('InvalidParameter'));
    }
    await calls.deleteSecret({ SecretId: arn });

    await advance(30 * dayMs - 60_000);
    const before = await read();
    await advance(60_000);

    expect(before).toBe('InvalidRequestException');
    expect(await read()).toBe('ResourceNotFoundException');
    await expect(calls.restoreSecret({ SecretId: arn })).rejects.toMatchObject(refused('ResourceNotFound'));
  });

  test('C17: a rotation of a secret that is deleted in the middle goes no further', async () => {
    const { calls, arn, whenRotating, stepNames, rotate, settle, labels, first } = await lab();
    whenRotating(async ({ Step }) => {
      if (Step === 'setSecret') await calls.deleteSecret({ SecretId: arn, RecoveryWindowInDays: 7 });
    });

    const { VersionId = '' } = await rotate();
    await settle();

    expect(stepNames()).toEqual(['createSecret', 'setSecret']);
    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'], [VersionId]: ['AWSPENDING'] });
  });

  test('C18: CancelRotateSecret in the middle turns rotation off, and leaves AWSPENDING where it is', async () => {
    const { calls, arn, whenRotating, stepNames, rotate, settle, advance, labels, first } = await lab();
    whenRotating(async ({ Step }) => {
      if (Step === 'setSecret') await calls.cancelRotateSecret({ SecretId: arn });
    });

    const { VersionId = '' } = await rotate();
    await settle();
    await advance(31 * dayMs);

    expect(stepNames()).toEqual(['createSecret', 'setSecret']);
    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'], [VersionId]: ['AWSPENDING'] });
    const { RotationEnabled, NextRotationDate } = await calls.describeSecret({ SecretId: arn });
    expect([RotationEnabled, NextRotationDate]).toEqual([false, undefined]);
  });

  test('C18: after it, AWSPENDING is taken off by hand, and RotateSecret turns rotation on again', async () => {
    const { calls, arn, whenRotating, move, rotate, settle, labels, first } = await lab();
    whenRotating(async () => {
      throw new Error('down');
    });
    const { VersionId: stuck = '' } = await rotate();
    await settle();
    await calls.cancelRotateSecret({ SecretId: arn });
    whenRotating(async () => {});

    await move('AWSPENDING', stuck, undefined);
    const { VersionId = '' } = await calls.rotateSecret({ SecretId: arn });
    await settle();

    expect(VersionId).not.toBe(stuck);
    expect(await labels()).toEqual({ [VersionId]: ['AWSCURRENT'], [first]: ['AWSPREVIOUS'] });
    expect((await calls.describeSecret({ SecretId: arn })).RotationEnabled).toBe(true);
  });
}

function testEvents(lab: () => Promise<Subject>): void {
  test('P1: every label that moves is told of, custom ones too, but for AWSPENDING and AWSPREVIOUS; nothing else is', async () => {
    const { calls, arn, put, move, events, first } = await lab();
    const token = randomUUID();
    await put(token, 'next', ['AWSPENDING', 'CANARY']);
    await calls.tagResource({ SecretId: arn, Tags: [{ Key: 'team', Value: 'x' }] });
    await calls.updateSecret({ SecretId: arn, Description: 'of the team' });
    await move('AWSCURRENT', first, token);
    await move('AWSPENDING', token, undefined);
    await move('AWSCURRENT', token, first);

    const { Name: name } = await calls.describeSecret({ SecretId: arn });
    const moved = (labelUpdated: string, versionId: string) => ({
      'detail-type': 'Secret Label Updated',
      resources: [arn],
      detail: { name, labelUpdated, versionId },
    });
    expect(events()).toMatchObject([
      moved('AWSCURRENT', first),
      moved('CANARY', token),
      moved('AWSCURRENT', token),
      moved('AWSCURRENT', first),
    ]);
  });

  test('P3: CloudTrail tells of every attempt, how it ended, and of which secret', async () => {
    const { arn, whenRotating, events, rotate, settle, notices } = await lab();
    let failures = 1;
    whenRotating(async () => {
      if (failures-- > 0) throw new Error('down');
    });

    await rotate();
    await settle();

    expect(notices()).toEqual(['RotationStarted', 'RotationFailed', 'RotationStarted', 'RotationSucceeded']);
    const told = events().filter((event) => event['detail-type'] === 'AWS Service Event via CloudTrail');
    for (const { detail } of told) {
      expect(detail).toMatchObject({
        eventSource: 'secretsmanager.amazonaws.com',
        eventType: 'AwsServiceEvent',
        additionalEventData: { SecretId: arn },
      });
    }
  });
}
