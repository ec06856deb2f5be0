import { expect, test } from 'vitest';

import { minute, steps, world, type World } from '../../../test/world.ts';
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

test('I4: a key that the provider chooses is not made anew when createSecret is repeated', async () => {
  const w = await world({ mode: 'generated' });
  const token = await w.begin();

  for (const name of steps) for (let run = 0; run < 2; run += 1) await step(w, name, token);

  expect(w.provider.stored('orders-app')).toHaveLength(2);
  expect(w.provider.acceptedBy(await w.credentialIn())).toEqual([true, true, true]);
});

test('I7: a key that the provider chooses bears the mark of its own version from the start', async () => {
  const w = await world({ mode: 'generated' });
  const token = await w.begin();

  await step(w, 'createSecret', token);

  expect(w.provider.stored('orders-app').map(({ mark }) => mark)).toEqual([undefined, w.mark(token)]);
});

test.each([
  ['ends the old key when it issues a new one', { overlap: 'none', reversibleDisable: false }, 'overlap'],
  ['chooses the key and cannot mark it', { clientSuppliedKey: false, mark: false }, 'mark'],
] as const)('a provider that %s is refused before it is asked for a key', async (_, lacking, field) => {
  const w = await world();
  const token = await w.begin();
  const provider = { ...w.provider, describe: async () => ({ ...(await w.provider.describe()), ...lacking }) };

  const creating = step(w, 'createSecret', token, { provider: () => provider });

  await expect(creating).rejects.toMatchObject({ reason: 'unsupported', field });
  expect(await w.secrets.value(w.arn, { versionId: token })).toBeUndefined();
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test('a step that reads AWSCURRENT while it moves is tried again, and builds on no old value', async () => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps) await step(w, name, token);
  w.model.rotations.ended({ arn: w.arn, token, succeeded: true });
  const next = await w.begin();
  const describe: typeof w.secrets.describe = async (id) => {
    const description = await w.secrets.describe(id);
    await w.secrets.moveCurrent({ arn: w.arn, from: token, to: w.firstVersion });
    return description;
  };

  const creating = step(w, 'createSecret', next, { secrets: { ...w.secrets, describe } });

  await expect(creating).rejects.toMatchObject({ name: 'TransientError' });
  expect(await w.secrets.value(w.arn, { versionId: next })).toBeUndefined();
});

test('a pending value that cannot be read yet is looked for again', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);
  let looks = 0;
  const value: typeof w.secrets.value = async (id, which) => {
    if (which.stage === 'AWSPENDING' && (looks += 1) < 3) return undefined;
    return w.secrets.value(id, which);
  };

  await step(w, 'setSecret', token, { secrets: { ...w.secrets, value } });

  expect(w.provider.stored('orders-app')).toHaveLength(2);
});

test('I4: a step that loses AWSPENDING to the next rotation never takes the value of that one', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);
  const describe: typeof w.secrets.describe = async (id) => {
    const description = await w.secrets.describe(id);
    await w.secrets.dropPending({ arn: w.arn, versionId: token });
    w.model.rotations.ended({ arn: w.arn, token, succeeded: false });
    await step(w, 'createSecret', await w.begin());
    return description;
  };

  const setting = step(w, 'setSecret', token, { secrets: { ...w.secrets, describe } });

  await expect(setting).rejects.toMatchObject({ name: 'TransientError' });
  expect(w.provider.stored('orders-app').map(({ mark }) => mark)).not.toContain(w.mark(token));
});
