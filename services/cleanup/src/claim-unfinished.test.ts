import { readOldReads } from '@keyturn/aws/own-reads';
import { noteSuperseded } from '@keyturn/aws/supersession';
import type { Credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';

import { day, hour, minute, secretText, world, type World } from '../../../test/world.ts';
import { settleRotation } from './settle-rotation.ts';
import { sweepDue } from './sweep-due.ts';

const margin = 10 * minute;

type Unfinished = { readonly entitlements?: readonly string[]; readonly mode?: 'chosen' | 'generated' };

/** A key that an attempt made, and died before it marked and entitled it; then a person took AWSPENDING off its version. */
async function unfinished({ entitlements = [], mode = 'chosen' }: Unfinished = {}) {
  const w = await world({ mode });
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const token = await w.begin();
  const key = w.provider.handMade({ target: 'orders-app', entitlements });
  await w.secrets.putPending({ arn: w.arn, token, text: hidden(secretText(key)), rotationToken: undefined });
  await w.secrets.dropPending({ arn: w.arn, versionId: token });
  return { ...w, key, token };
}

function noteOrphan(w: World, versionId: string) {
  return noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'orphan',
    n: -1,
    supersededAt: w.clock.now(),
    supersededBy: w.firstVersion,
    correlationId: 'c',
    dueAt: w.clock.now() + hour + margin,
  });
}

const watch = (w: World) => settleRotation({ type: 'watched', secretArn: w.arn }, w.cleanup);

async function sweep(w: World) {
  await w.seen();
  await sweepDue(w.clock.now() + 15 * minute, w.cleanup);
}

async function sweepToTheEnd(w: World) {
  for (const ms of [hour + margin, 7 * day]) {
    w.pass(ms);
    await sweep(w);
  }
}

const markOn = (w: World, { keyId }: Credential) =>
  w.provider.stored('orders-app').find((key) => key.keyId === keyId.reveal())?.mark;

test('I3: a key that was made and never marked ends, and its owner is told of nothing that has to be done', async () => {
  const w = await unfinished();
  await noteOrphan(w, w.token);

  await sweepToTheEnd(w);

  expect(w.keys().has(w.key.keyId.reveal())).toBe(false);
  expect(w.events().map((event) => event['detail-type'])).toEqual(['OrphanReaped']);
});

test('I3: it ends also where the next rotation takes the label away before it is due', async () => {
  const w = await unfinished();
  await noteOrphan(w, w.token);

  await watch(w);
  const next = await w.begin();
  const text = hidden(secretText(w.provider.handMade({ target: 'orders-app', mark: w.mark(next) })));
  await w.secrets.putPending({ arn: w.arn, token: next, text, rotationToken: undefined });
  await sweepToTheEnd(w);

  expect(w.keys().has(w.key.keyId.reveal())).toBe(false);
});

test('I3: it ends also where the ledger has lost its row', async () => {
  const w = await unfinished();

  await watch(w);
  w.pass(day);
  await sweepToTheEnd(w);

  expect(w.keys().has(w.key.keyId.reveal())).toBe(false);
});

test('I7: a key without a mark that a person made pending is not ours: it is held', async () => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const theirs = w.provider.handMade({ target: 'orders-app', entitlements: [] });
  const { VersionId = '' } = await w.model.putSecretValue({
    SecretId: w.arn,
    SecretString: secretText(theirs),
    VersionStages: ['AWSPENDING'],
  });
  await w.secrets.dropPending({ arn: w.arn, versionId: VersionId });
  await noteOrphan(w, VersionId);

  await watch(w);
  await sweepToTheEnd(w);

  expect(w.keys().get(theirs.keyId.reveal())).toBe('enabled');
  expect(markOn(w, theirs)).toBeUndefined();
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'not-yours' } } }]);
});

test.each<[string, Unfinished]>([
  ['that somebody gave something to do may be in use', { entitlements: ['read'] }],
  ['where the provider makes the keys lost it by somebody’s doing', { mode: 'generated' }],
])('I7: a key without a mark %s: it is held', async (_, options) => {
  const w = await unfinished(options);
  await noteOrphan(w, w.token);

  await watch(w);
  await sweepToTheEnd(w);

  expect(w.keys().get(w.key.keyId.reveal())).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'not-yours' } } }]);
});

test('I7: a key that another secret marks in the same moment is that one’s: it is held', async () => {
  const w = await unfinished();
  const theirs = 'keyturn/v1/123456789012/eu-central-1/test/00000000000000000000000000000000/v';
  await noteOrphan(w, w.token);
  const { issue } = w.cleanup;
  const deps = {
    ...w.cleanup,
    issue: () => ({
      ...issue(),
      mark: async (request: Parameters<ReturnType<typeof issue>['mark']>[0]) => {
        await issue().mark({ ...request, mark: theirs });
        await issue().mark(request);
      },
    }),
  };

  w.pass(hour + margin);
  await w.seen();
  await sweepDue(w.clock.now() + 15 * minute, deps);

  expect(w.keys().get(w.key.keyId.reveal())).toBe('enabled');
  expect(markOn(w, w.key)).toBe(theirs);
});

test('the version of a key that bears its mark is not read for a stranger’s key, since that would hide who else reads it', async () => {
  const w = await unfinished();
  await w.provider.mark({ target: 'orders-app', keyId: w.key.keyId, mark: w.mark(w.token) });
  w.provider.handMade({ target: 'orders-app' });

  await watch(w);

  const { ownReadAt } = await readOldReads(w.ledger, { secretArn: w.arn, versionId: w.token });
  expect(ownReadAt).toBe(0);
});
