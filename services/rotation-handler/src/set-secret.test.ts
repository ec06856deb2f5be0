import { hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { minute, secretText, world, type World } from '../../../test/world.ts';
import { parseRotationRequest } from './rotation-request.ts';
import type { Deps } from './rotation.ts';
import { rotateSecret } from './rotate-secret.ts';

function step(w: World, name: string, token: string, deps: Partial<Deps> = {}) {
  const request = parseRotationRequest({ Step: name, SecretId: w.arn, ClientRequestToken: token });
  return rotateSecret(
    { request, ownArn: w.handlerArn, deadline: w.clock.now() + 14 * minute },
    { ...w.rotation, ...deps },
  );
}

test.each(['setSecret', 'finishSecret'])(
  'I7: %s refuses a pending version that holds the current key, and changes nothing',
  async (name) => {
    const w = await world();
    const token = await w.begin();
    const text = hidden(`${secretText(w.handMade)} `);
    await w.secrets.putPending({ arn: w.arn, token, text, rotationToken: undefined });

    await expect(step(w, name, token)).rejects.toMatchObject({ reason: 'same-key', field: '/key' });

    expect(w.provider.stored('orders-app')).toMatchObject([{ mark: undefined, enabled: true }]);
    expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
  },
);

test('I10: of two secrets that mark one key at the same time the one that comes second is refused', async () => {
  const w = await world();
  const other = formatMark(markOf(`${w.arn.slice(0, -6)}AbCdEf`, w.firstVersion, 'test'));
  const token = await w.begin();
  await step(w, 'createSecret', token);
  const mark: typeof w.provider.mark = (request) => w.provider.mark({ ...request, mark: other });

  const setting = step(w, 'setSecret', token, { provider: () => ({ ...w.provider, mark }) });

  await expect(setting).rejects.toMatchObject({ reason: 'shared-key' });
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test.each([true, false])('approves what the provider leaves pending only as the policy says: %s', async (approve) => {
  const w = await world();
  const { standard } = w.config.policies;
  if (standard === undefined) throw new Error('no such policy');
  const policies = { ...w.config.policies, standard: { ...standard, approvePendingProducts: approve } };
  await w.paste(w.provider.handMade({ target: 'orders-app', entitlements: ['admin', 'read'] }));
  const token = await w.begin();

  for (const name of ['createSecret', 'setSecret']) await step(w, name, token, { config: { ...w.config, policies } });

  expect(w.provider.stored('orders-app').at(-1)?.rest).toMatchObject(
    approve ? { approved: ['admin', 'read'], pending: [] } : { approved: ['read'], pending: ['admin'] },
  );
});
