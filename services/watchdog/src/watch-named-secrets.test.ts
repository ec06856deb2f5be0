import { PermanentError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { watchdog, watchedWorld } from '../../../test/watch.ts';
import { day, hour, world } from '../../../test/world.ts';

test("a credential of Keyturn's own that is older than the configuration allows is told, every 30 days", async () => {
  const w = await watchedWorld();
  const dog = watchdog(w);
  const told = () => w.events('RotationOverdue').filter(({ detail }) => detail.data['why'] === 'admin-secret');
  w.pass(90 * day - hour);
  await dog.run();
  const young = told().length;

  w.pass(2 * hour);
  await dog.run();
  w.pass(29 * day);
  await dog.run();
  const old = told();
  w.pass(day);
  await dog.run();

  expect(young).toBe(0);
  expect(old).toMatchObject([
    {
      detail: {
        data: {
          secretName: 'keyturn/apigee-admin',
          owner: 'unknown',
          about: 'providers.apigee.adminSecret: too-old',
          runbookUrl: 'https://runbooks.acme.example/admin-secret',
        },
      },
    },
  ]);
  expect(told()).toHaveLength(2);
});

test('one that somebody changed is young again', async () => {
  const w = await watchedWorld();
  w.pass(80 * day);
  await w.model.putSecretValue({ SecretId: 'keyturn/apigee-admin', SecretString: 'another' });
  w.pass(80 * day);

  const run = await watchdog(w).run();

  expect(run.overdue).toBe(1);
  expect(w.events('RotationOverdue').map(({ detail }) => detail.data['why'])).toEqual(['missed']);
});

test.each(['secret-missing', 'access-denied'] as const)('one that cannot be described is told: %s', async (reason) => {
  const w = await world();
  const describe: typeof w.secrets.describe = (id) =>
    id === 'keyturn/apigee-admin'
      ? Promise.reject(new PermanentError(reason, 'No such secret'))
      : w.secrets.describe(id);

  const run = await watchdog(w).run({ secrets: { ...w.secrets, describe } });

  expect(run).toMatchObject({ overdue: 1, failures: 0 });
  expect(w.events('RotationOverdue')).toMatchObject([
    { detail: { data: { secretArn: 'keyturn/apigee-admin', about: `providers.apigee.adminSecret: ${reason}` } } },
  ]);
});

test('no value is read, of no secret', async () => {
  const w = await watchedWorld();
  const value: typeof w.secrets.value = () => Promise.reject(new Error('a value was read'));

  await expect(watchdog(w).run({ secrets: { ...w.secrets, value } })).resolves.toMatchObject({
    watched: 1,
    failures: 0,
  });
});
