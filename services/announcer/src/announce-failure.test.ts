import { failureKey, listFailures, rotationFailure } from '@keyturn/aws/rotation-failure';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { world, type World } from '../../../test/world.ts';
import { handleNotice } from './handle-notice.ts';
import { parseNotice } from './parse-notice.ts';

const token = '5ee5a8ba-2b3c-4d5e-8f90-0123456789ab';

function cloudTrail(w: World, eventName: string, change: Record<string, unknown> = {}) {
  return {
    version: '0',
    source: 'aws.secretsmanager',
    'detail-type': 'AWS Service Event via CloudTrail',
    time: new Date(w.clock.now()).toISOString(),
    resources: [],
    detail: {
      eventName,
      errorMessage: `Error when executing lambda ${w.handlerArn} during setSecret step`,
      additionalEventData: { SecretId: w.arn },
      requestID: `Rotation-${w.arn}-${token}`,
      ...change,
    },
  };
}

const hear = async (w: World, message: unknown) => handleNotice(parseNotice(message), w.announcer);

test('tells of a rotation whose handler died, after giving its own event time to arrive', async () => {
  const w = await world();
  const message = cloudTrail(w, 'RotationFailed');

  await expect(hear(w, message)).rejects.toBeInstanceOf(TransientError);
  w.pass(10_000);
  await hear(w, message);
  await hear(w, message);

  const events = w.events('RotationFailed').map((event) => RotationFailed.parse(event).data);
  expect(events).toMatchObject([
    { versionId: token, step: 'setSecret', reason: 'handler-died', retryable: true, liveCredential: 'old' },
  ]);
});

test('is silent about a failure that the handler told itself', async () => {
  const w = await world();
  const told = {
    source: 'keyturn',
    'detail-type': 'RotationFailed',
    detail: {
      metadata: {
        eventId: '00000000-0000-4000-8000-000000000001',
        schemaVersion: '1.0',
        occurredAt: new Date(w.clock.now()).toISOString(),
        correlationId: 'c',
        causationId: null,
        idempotencyKey: 'i',
        traceparent: null,
      },
      data: {
        secretArn: w.arn,
        secretName: 'orders/apigee',
        provider: 'apigee',
        owner: 'orders',
        environment: 'test',
        runbookUrl: 'https://r.example',
        versionId: token,
        step: 'setSecret',
        reason: 'unavailable',
        field: null,
        retryable: true,
        liveCredential: 'old',
        attempt: 1,
        nextRetry: null,
      },
    },
  };

  await hear(w, told);
  w.pass(60_000);
  await hear(w, cloudTrail(w, 'RotationFailed'));

  expect(w.events()).toEqual([]);
});

test('tells of an abandoned rotation', async () => {
  const w = await world();
  const message = cloudTrail(w, 'RotationAbandoned', { errorMessage: undefined });
  w.pass(10_000);

  await hear(w, message);

  expect(w.events('RotationFailed')).toMatchObject([
    { detail: { data: { reason: 'abandoned', retryable: false, step: 'unknown' } } },
  ]);
});

test('is silent about a rotation that merely waits for its key to be accepted, and not about one that died later', async () => {
  const w = await world();
  const detail = { secretArn: w.arn, versionId: token };
  const time = new Date(w.clock.now()).toISOString();
  await hear(w, { source: 'keyturn', 'detail-type': 'RotationWaiting', time, detail });
  const echo = cloudTrail(w, 'RotationFailed');
  w.pass(10_000);
  await hear(w, echo);
  const quiet = w.events().length;
  w.pass(600_000);
  const death = cloudTrail(w, 'RotationFailed');
  w.pass(10_000);

  await hear(w, death);

  expect(quiet).toBe(0);
  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { reason: 'handler-died' } } }]);
});

test("is silent about other people's rotations", async () => {
  const w = await world();
  const { ARN: foreign = '' } = await w.model.createSecret({ Name: 'foreign', SecretString: 'x' });
  const message = cloudTrail(w, 'RotationFailed', {
    additionalEventData: { SecretId: foreign },
    requestID: `Rotation-${foreign}-${token}`,
  });
  w.pass(10_000);

  await hear(w, message);

  expect(w.events()).toEqual([]);
});

test.each([
  ['nothing', undefined],
  ['an event of somebody else', { source: 'aws.ec2', 'detail-type': 'x' }],
  [
    'a label event without a version',
    {
      source: 'aws.secretsmanager',
      'detail-type': 'Secret Label Updated',
      resources: ['arn:x'],
      time: '2026-11-21T08:00:00Z',
      detail: { labelUpdated: 'AWSCURRENT' },
    },
  ],
  [
    'a hint without an ARN',
    {
      source: 'keyturn',
      'detail-type': 'LabelMoved',
      time: '2026-11-21T08:00:00Z',
      detail: { secretArn: 'orders', versionId: 'v' },
    },
  ],
])('refuses %s', (_, message) => {
  expect(() => parseNotice(message)).toThrow();
});

test('a handler that died after the label moved left the new credential live', async () => {
  const w = await world();
  const message = cloudTrail(w, 'RotationFailed', { requestID: `Rotation-${w.arn}-${w.firstVersion}` });
  w.pass(10_000);

  await hear(w, message);

  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { liveCredential: 'new' } } }]);
});

test('I12: a failure that could not be published is told by the next try', async () => {
  const w = await world();
  const notice = parseNotice(cloudTrail(w, 'RotationFailed'));
  w.pass(10_000);
  const bus = { publish: () => Promise.reject(new TransientError('down')) };
  await expect(handleNotice(notice, { ...w.announcer, bus })).rejects.toThrow('down');

  await handleNotice(notice, w.announcer);

  expect(w.events('RotationFailed')).toHaveLength(1);
});

test('refuses an event whose rotation is of another secret than it names', async () => {
  const w = await world();
  const requestID = `Rotation-${w.arn.replace('orders', 'badges')}-${token}`;

  expect(() => parseNotice(cloudTrail(w, 'RotationFailed', { requestID }))).toThrow(
    expect.objectContaining({ reason: 'malformed', field: 'requestID' }),
  );
});

test('refuses a hint whose secret is no ARN, and an event of another label or without a version', () => {
  const time = '2026-11-21T08:00:00Z';
  const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf';
  const hint = { source: 'keyturn', 'detail-type': 'LabelMoved', time };
  const label = { source: 'aws.secretsmanager', 'detail-type': 'Secret Label Updated', time, resources: [arn] };

  expect(() => parseNotice({ ...hint, detail: { secretArn: 'orders', versionId: 'v' } })).toThrow(
    expect.objectContaining({ reason: 'malformed', field: 'SecretId' }),
  );
  expect(() => parseNotice({ ...label, detail: { labelUpdated: 'AWSCURRENT' } })).toThrow('versionId');
  expect(() => parseNotice({ ...label, detail: { labelUpdated: 'AWSPENDING', versionId: 'v' } })).toThrow(
    'labelUpdated',
  );
  expect(parseNotice({ ...label, detail: { labelUpdated: 'AWSCURRENT', versionId: 'v' } })).toMatchObject({
    kind: 'moved',
  });
});

test('a failure that was told stays told, although a later attempt only waited before its echo arrived', async () => {
  const w = await world();
  const about = { secretArn: w.arn, token, at: w.clock.now() };
  const failure = { step: 'setSecret', reason: 'unavailable', field: null, retryable: true };
  await handleNotice({ kind: 'told', ...about, failure }, w.announcer);
  await handleNotice({ kind: 'waiting', ...about }, w.announcer);
  w.pass(600_000);
  const message = cloudTrail(w, 'RotationFailed');
  w.pass(10_000);

  await hear(w, message);

  expect(w.events()).toEqual([]);
});

test('what failed is noted with its reason: the latest attempt counts, repeats and one that waits do not', async () => {
  const w = await world();
  const known = async () => (await w.ledger.read(failureKey(w.arn, token), rotationFailure))?.value;
  const told = (at: number, reason: string, retryable: boolean) => {
    const failure = { step: 'createSecret', reason, field: null, retryable };
    return handleNotice({ kind: 'told', secretArn: w.arn, token, at, failure }, w.announcer);
  };
  await told(1000, 'unavailable', true);
  await told(2000, 'misconfigured', false);

  await told(1000, 'unavailable', true);
  await handleNotice({ kind: 'waiting', secretArn: w.arn, token, at: 3000 }, w.announcer);

  const failure = { step: 'createSecret', reason: 'misconfigured', field: null, retryable: false };
  expect(await known()).toEqual({ token, at: 2000, what: 'told', failure });
});

test('a failure that nobody but CloudTrail told is noted with its reason, and one that an earlier version noted is read', async () => {
  const w = await world();
  const message = cloudTrail(w, 'RotationFailed');
  w.pass(10_000);
  await hear(w, message);
  const noted = (await w.ledger.read(failureKey(w.arn, token), rotationFailure))?.value;
  await w.ledger.write(failureKey(w.arn, 'older'), { token: 'older', at: 1, what: 'told' }, 0);

  expect(noted?.failure).toEqual({ step: 'setSecret', reason: 'handler-died', field: null, retryable: true });
  expect((await listFailures(w.ledger, w.arn)).map(({ value }) => value.token).sort()).toEqual([token, 'older'].sort());
});
