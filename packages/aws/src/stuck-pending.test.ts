import { expect, test } from 'vitest';

import { memoryLedger } from './memory-ledger.ts';
import type { SecretDescription } from './secret-store.ts';
import { findStuckPending } from './stuck-pending.ts';
import { noteSuperseded } from './supersession.ts';

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-AbCdEf';
const handler = 'arn:aws:lambda:eu-central-1:123456789012:function:keyturn-test-rotation-handler';
const hour = 3_600_000;
const judgement = { rotationHandler: 'keyturn-test-rotation-handler', stuckAfterMs: 2 * hour };

type Case = {
  labels?: readonly string[];
  enabled?: boolean;
  lambdaArn?: string | undefined;
  row?: 'superseded' | 'orphan';
};

async function judged(ageMs: number, { labels = ['AWSPENDING'], enabled = true, row, ...given }: Case = {}) {
  const lambdaArn = 'lambdaArn' in given ? given.lambdaArn : handler;
  const description: SecretDescription = {
    arn,
    name: 'a',
    tags: {},
    stages: new Map([
      ['v1', ['AWSCURRENT']],
      ['v2', labels],
    ]),
    rotation: { enabled, lambdaArn, schedule: undefined, nextAt: undefined, lastAt: undefined },
    deletedAt: undefined,
    replicas: [],
  };
  const ledger = memoryLedger();
  const place = { secretArn: arn, versionId: 'v2', provider: 'p', target: 't', supersededBy: 'v1', correlationId: 'c' };
  if (row !== undefined) await noteSuperseded(ledger, { ...place, kind: row, n: 1, supersededAt: 0, dueAt: 0 });
  let asked = 0;
  const versionDates = async () => {
    asked += 1;
    return new Map([['v2', 0]]);
  };
  const stuck = await findStuckPending(
    description,
    { secrets: { versionDates }, ledger, clock: { now: () => ageMs } },
    judgement,
  );
  return { stuck, asked };
}

test('a version that has been pending for long enough is stuck, and has Secrets Manager go on with it', async () => {
  expect((await judged(2 * hour - 1)).stuck).toBeUndefined();
  expect((await judged(2 * hour)).stuck).toEqual({ versionId: 'v2', createdAt: 0, cure: 'rotate' });
});

test.each<[string, Case]>([
  ['its rotation is switched off', { enabled: false }],
  ['nothing rotates it', { lambdaArn: undefined }],
  ['another function rotates it', { lambdaArn: handler.replace('rotation-handler', 'theirs') }],
  ['it bears AWSPREVIOUS', { labels: ['AWSPENDING', 'AWSPREVIOUS'] }],
  ['the ledger knows it as superseded', { row: 'superseded' }],
])('it must not become current, and is dropped, where %s', async (_, given) => {
  expect((await judged(3 * hour, given)).stuck).toMatchObject({ cure: 'drop' });
});

test('a version that the ledger knows as an orphan never was current', async () => {
  expect((await judged(3 * hour, { row: 'orphan' })).stuck).toMatchObject({ cure: 'rotate' });
});

test('nothing is pending where both labels are on one version, and nobody asks for its age', async () => {
  const both = await judged(3 * hour, { labels: ['AWSPENDING', 'AWSCURRENT'] });
  const none = await judged(3 * hour, { labels: ['AWSPREVIOUS'] });

  expect([both, none]).toEqual([
    { stuck: undefined, asked: 0 },
    { stuck: undefined, asked: 0 },
  ]);
});
