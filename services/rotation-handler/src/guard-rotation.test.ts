import { expect, test } from 'vitest';

import { minute, world } from '../../../test/world.ts';
import { guardRotation } from './guard-rotation.ts';
import { parseRotationRequest } from './rotation-request.ts';
import { rotateSecret } from './rotate-secret.ts';

test.each([
  ['is being deleted', { deletedAt: 1 }, 'secret-deleting'],
  ['is not rotated any more', { rotation: { enabled: false } }, 'not-ours'],
] as const)('a secret that %s is left alone, even for a token that is current', async (_, change, reason) => {
  const w = await world();
  const described = await w.secrets.describe(w.arn);
  const description = {
    ...described,
    ...change,
    rotation: { ...described.rotation, ...('rotation' in change ? change.rotation : {}) },
  };

  expect(() => guardRotation(description, w.firstVersion)).toThrow(expect.objectContaining({ reason }));
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
