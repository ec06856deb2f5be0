import { expect, test } from 'vitest';

import { minute, world } from '../../../test/world.ts';
import { guardRotation } from './guard-rotation.ts';
import { parseRotationRequest } from './rotation-request.ts';
import { rotateSecret } from './rotate-secret.ts';

test.each([
  ['is being deleted', { deletedAt: 1 }, 'secret-deleting'],
  ['is not rotated any more', { rotation: { enabled: false } }, 'not-ours'],
] as const)('a secret that %s is left alone', async (_, change, reason) => {
  const w = await world();
  const token = await w.begin();
  const described = await w.secrets.describe(w.arn);
  const description = {
    ...described,
    ...change,
    rotation: { ...described.rotation, ...('rotation' in change ? change.rotation : {}) },
  };

  expect(() => guardRotation(description, token)).toThrow(expect.objectContaining({ reason }));
  // What is current did not fail, whatever became of the secret since.
  expect(guardRotation(description, w.firstVersion)).toBe('finished');
});

test('a token that is current is finished, whatever other label was left on it', async () => {
  const w = await world();
  const described = await w.secrets.describe(w.arn);
  const description = { ...described, stages: new Map([['t', ['AWSPENDING', 'AWSCURRENT']]]) };

  expect(guardRotation(description, 't')).toBe('finished');
});

test('a rotation that was switched off ends before anybody is called, and is told', async () => {
  const w = await world();
  const token = await w.begin();
  await w.model.cancelRotateSecret({ SecretId: w.arn });
  const request = parseRotationRequest({ Step: 'createSecret', SecretId: w.arn, ClientRequestToken: token });

  const creating = rotateSecret({ request, ownArn: w.handlerArn, deadline: w.clock.now() + minute }, w.rotation);

  await expect(creating).rejects.toMatchObject({ reason: 'not-ours', field: 'RotationEnabled' });
  expect(await w.secrets.value(w.arn, { versionId: token })).toBeUndefined();
  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { reason: 'not-ours' } } }]);
});

test('a step that comes again after the version became current, and rotation was switched off, tells of no failure', async () => {
  const w = await world();
  const token = w.firstVersion;
  await w.model.cancelRotateSecret({ SecretId: w.arn });
  const request = parseRotationRequest({ Step: 'createSecret', SecretId: w.arn, ClientRequestToken: token });

  await rotateSecret({ request, ownArn: w.handlerArn, deadline: w.clock.now() + minute }, w.rotation);

  expect(w.events('RotationFailed')).toEqual([]);
});
