import { announcementKey } from '@keyturn/aws/announcement';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import { expect, test } from 'vitest';

import { another, watchdog, watchedWorld } from '../../../test/watch.ts';
import { day, hour, secretText, type World } from '../../../test/world.ts';

async function setUp() {
  const w = await watchedWorld();
  const row = { secretArn: w.arn, secretName: 'orders/apigee', provider: 'apigee', target: 'orders-app' };
  const told = { previousVersionId: null, n: 1, since: w.clock.now(), cause: 'adoption', announced: 1 };
  await w.ledger.write(announcementKey(w.arn), { ...row, currentVersionId: w.firstVersion, ...told }, 0);
  // Its own secrets are not too old in these tests.
  const config = { ...w.config, adminSecrets: { maxAge: 1000 * day } };
  const dog = watchdog(w);
  /** Hours that pass, with a run in each. */
  const hours = async (count: number, change: object = {}) => {
    for (let n = 0; n < count; n += 1) {
      w.pass(hour);
      await dog.run({ config, ...change });
    }
  };
  return { w, hours, told: () => w.events('RotationOverdue').map(({ detail }) => detail.data) };
}

/** As the description is, but for what a test says. */
function described(w: World, change: (real: SecretDescription) => Partial<SecretDescription>) {
  const describe = async (id: string) => {
    const real = await w.secrets.describe(id);
    return id === w.arn ? { ...real, ...change(real) } : real;
  };
  return { secrets: { ...w.secrets, describe } };
}

test('a secret whose date is past by its window and a day is told once, and reminded of after a week', async () => {
  const { w, hours, told } = await setUp();
  w.pass(31 * day + 23 * hour);
  await hours(1);
  const before = told();

  await hours(3);
  const once = told();
  await hours(7 * 24);

  expect(before).toEqual([]);
  expect(once).toMatchObject([
    {
      why: 'missed',
      since: '2026-12-21T08:00:00.000Z',
      owner: 'orders',
      runbookUrl: 'https://runbooks.acme.example/rotation-overdue',
    },
  ]);
  expect(told()).toHaveLength(2);
  expect(new Set(w.events('RotationOverdue').map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(2);
});

test('a rotation that failed for good is missed by the age of the key, whatever date Secrets Manager names next', async () => {
  const { w, hours, told } = await setUp();
  w.pass(30 * day);
  const token = await w.begin();
  w.model.rotations.ended({ arn: w.arn, token, succeeded: false });
  await w.secrets.dropPending({ arn: w.arn, versionId: token });
  w.pass(day);
  await hours(20);
  const before = told();

  await hours(10);

  const nextAt = (await w.secrets.describe(w.arn)).rotation.nextAt ?? 0;
  expect(nextAt).toBeGreaterThan(w.clock.now() + 20 * day);
  expect(before).toEqual([]);
  expect(told()).toMatchObject([{ why: 'missed', since: '2026-12-21T08:00:00.000Z' }]);
});

test('a key that a person put in a while ago is not too old', async () => {
  const { w, hours, told } = await setUp();
  w.pass(20 * day);
  await w.paste(secretText(w.handMade));
  w.pass(15 * day);

  await hours(
    3,
    described(w, ({ rotation }) => ({ rotation: { ...rotation, nextAt: w.clock.now() + day } })),
  );

  expect(told()).toEqual([]);
});

test('what is over is forgotten, and told again when it comes back', async () => {
  const { w, hours, told } = await setUp();
  const off = described(w, ({ rotation }) => ({ rotation: { ...rotation, enabled: false } }));
  await hours(3, off);
  await hours(1);

  await hours(3, off);

  expect(told().map(({ why }) => why)).toEqual(['disabled', 'disabled']);
});

test('a secret that is tagged and not attached is told by the second look, not in the middle of an adoption', async () => {
  const { w, hours, told } = await setUp();
  const { ARN: arn = '' } = await w.model.createSecret({
    Name: 'new/one',
    SecretString: secretText(w.handMade),
    Tags: [{ Key: 'keyturn:provider', Value: 'apigee' }],
  });
  await hours(1);
  const first = told();

  await hours(1);

  expect(first).toEqual([]);
  expect(told()).toMatchObject([{ secretArn: arn, why: 'not-attached' }]);
});

test('a secret with the tag of a provider that this stage does not have is left to whose it is', async () => {
  const { w, hours, told } = await setUp();
  const Tags = [{ Key: 'keyturn:provider', Value: 'of-another-stage' }];
  await w.model.createSecret({ Name: 'their/own', SecretString: '{}', Tags });

  await hours(3);

  expect(told()).toEqual([]);
});

test('a secret that another function rotates is told if it was ours, and else not even looked at', async () => {
  const { w, hours, told } = await setUp();
  const theirs = await another(w, 'their/own');
  const RotationLambdaARN = w.handlerArn.replace('rotation-handler', 'their-handler');
  for (const SecretId of [w.arn, theirs]) await w.model.rotateSecret({ SecretId, RotationLambdaARN });
  const looked: string[] = [];
  const describe: typeof w.secrets.describe = (id) => {
    looked.push(id);
    return w.secrets.describe(id);
  };

  await hours(3, { secrets: { ...w.secrets, describe } });

  expect(told()).toMatchObject([{ secretArn: w.arn, why: 'foreign-function', owner: 'orders' }]);
  expect(looked).not.toContain(theirs);
});

test('a secret of ours whose policy is none any more is told with the tag, long before its next rotation would be refused', async () => {
  const { w, hours, told } = await setUp();
  await w.model.untagResource({ SecretId: w.arn, TagKeys: ['keyturn:policy'] });

  await hours(3);

  expect(told()).toMatchObject([{ secretArn: w.arn, why: 'misconfigured', about: 'tag keyturn:policy' }]);
});

test.each([
  ['Failed', 1, 2],
  ['InProgress', 3, 4],
])('a replica that is %s is told after some looks, with its Region', async (status, quiet, loud) => {
  const { w, hours, told } = await setUp();
  const replicas = [{ region: 'eu-west-1', status }];
  const change = described(w, () => ({ replicas }));
  await hours(quiet, change);
  const before = told();

  await hours(loud - quiet, change);

  expect(before).toEqual([]);
  expect(told()).toMatchObject([{ why: 'replica-failed', about: 'eu-west-1' }]);
});
