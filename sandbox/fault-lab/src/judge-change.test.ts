import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { hour, minute } from './lab-config.ts';
import { providerNamed } from './providers.ts';
import { secretText, tagsOf, world, type World } from './world.ts';

const memory = providerNamed('memory');

function paste(w: World, { keyId, secret }: ReturnType<World['provider']['handMade']>): void {
  w.oracle.look('person');
  const SecretString = secretText(keyId.reveal(), secret.reveal());
  w.byHand(() => w.model.putSecretValue({ SecretId: w.secret.arn, SecretString, ClientRequestToken: w.newId() }));
}

const currentText = (w: World): string => w.truth()?.versions.get(w.secret.firstVersion) ?? '';

test('I4: two keys that were made for one version are noticed when the second is marked, where keys are made first and marked next', async () => {
  const w = await world({ provider: providerNamed('apigee'), adopted: true, faults: [] });
  const { target, arn } = w.secret;
  const mark = formatMark(markOf(arn, 'a-version', 'lab'));
  const [made, twin] = [w.provider.handMade({ target }), w.provider.handMade({ target })];
  w.oracle.look('keyturn');
  const asMade = [...w.oracle.violations];

  await w.provider.issue.mark({ target, keyId: made.keyId, mark });
  const once = [...w.oracle.violations];
  await w.provider.issue.mark({ target, keyId: twin.keyId, mark });

  expect([asMade, once]).toEqual([[], []]);
  expect(w.oracle.violations).toMatchObject([{ rule: 'I4', what: 'Two keys were made for one version' }]);
});

test('I7: a key that a second secret gives its readers is missed when it ends, whatever the first one owes', async () => {
  const w = await world({ provider: memory, adopted: true, faults: [] });
  const { ARN: beside = '' } = await w.model.createSecret({
    Name: 'billing/apigee',
    SecretString: currentText(w),
    Tags: Object.entries(tagsOf(w.secret.target)).map(([Key, Value]) => ({ Key, Value })),
  });
  w.otherSecrets.push({ arn: beside, at: w.calls.made.length });
  const keyId = w.keyIn(w.secret.firstVersion) ?? '';
  paste(w, w.provider.handMade({ target: w.secret.target }));
  await w.scheduler.runUntil(w.scheduler.now() + 30 * hour);
  const asLongAsItWorked = [...w.oracle.violations];

  w.provider.hand.disable(w.secret.target, keyId);
  w.oracle.look('keyturn');

  expect(asLongAsItWorked).toEqual([]);
  expect(w.oracle.violations).toMatchObject([
    { rule: 'I7', what: 'A key was disabled that another secret gives its readers' },
  ]);
});

test('I7: a key that a second secret is given while it is being switched off has to be on again soon', async () => {
  const w = await world({ provider: memory, adopted: true, faults: [] });
  const keyId = w.keyIn(w.secret.firstVersion) ?? '';
  const given = currentText(w);
  paste(w, w.provider.handMade({ target: w.secret.target }));
  await w.scheduler.runUntil(w.scheduler.now() + 3.1 * hour);
  const { ARN: beside = '' } = await w.model.createSecret({ Name: 'billing/apigee', SecretString: given });
  w.otherSecrets.push({ arn: beside, at: w.calls.made.length });

  w.provider.hand.disable(w.secret.target, keyId);
  w.oracle.look('keyturn');
  const atOnce = [...w.oracle.violations];
  await w.scheduler.runUntil(w.scheduler.now() + 2.1 * hour);

  expect(atOnce).toEqual([]);
  expect(w.oracle.violations).toMatchObject([
    { rule: 'I7', what: 'A key stays off that another secret gives its readers' },
  ]);
});

test('I1: a key that a person has just made current is owed like any other, if it worked', async () => {
  const w = await world({ provider: memory, adopted: true, faults: [] });
  const made = w.provider.handMade({ target: w.secret.target });
  w.oracle.look('person');
  paste(w, made);

  w.provider.hand.disable(w.secret.target, made.keyId.reveal());
  w.oracle.look('keyturn');
  await w.scheduler.runUntil(w.scheduler.now() + 5 * minute);
  w.oracle.look('keyturn');

  expect(w.oracle.violations.map(({ rule }) => rule)).toContain('I1');
});

test.each([
  ['before the look', 1, ['I9']],
  ['in the middle of it, by a person', 0, []],
])(
  'I9: a key that may do less than the one before is missed when it becomes current: changed %s',
  async (_, ago, rules) => {
    const w = await world({ provider: memory, adopted: true, faults: [] });
    const { target, arn, firstVersion } = w.secret;
    w.provider.hand.changeEntitlements(target);
    const next = w.provider.handMade({ target });
    w.oracle.look('person');

    w.scheduler.start(
      'rotation-handler',
      minute,
      async () => {
        await w.calls.reach('look', () => undefined);
        if (ago === 0) w.state.entitledAt = w.calls.made.length;
        await w.model.putSecretValue({
          SecretId: arn,
          ClientRequestToken: 'a-new-version-of-the-secret-by-us-12',
          SecretString: secretText(next.keyId.reveal(), next.secret.reveal()),
          VersionStages: ['AWSPENDING'],
        });
        await w.model.updateSecretVersionStage({
          SecretId: arn,
          VersionStage: 'AWSCURRENT',
          RemoveFromVersionId: firstVersion,
          MoveToVersionId: 'a-new-version-of-the-secret-by-us-12',
        });
      },
      () => {},
    );
    await w.scheduler.runUntil(w.scheduler.now() + minute);

    expect(w.oracle.violations.map(({ rule }) => rule)).toEqual(rules);
  },
);
