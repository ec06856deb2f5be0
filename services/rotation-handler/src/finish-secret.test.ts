import { hidden } from '@keyturn/rotation/hidden';
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

/** The second rotation of a secret, tested and ready to be finished; `before` is current, `w.firstVersion` was. */
async function tested() {
  const w = await world();
  const before = await w.begin();
  for (const name of steps) await step(w, name, before);
  w.model.rotations.ended({ arn: w.arn, token: before, succeeded: true });
  const token = await w.begin();
  for (const name of steps.slice(0, 3)) await step(w, name, token);
  const hinted = w.hints.sent.length;
  return { ...w, before, token, hintedSince: () => w.hints.sent.slice(hinted) };
}
type Tested = Awaited<ReturnType<typeof tested>>;

const finish = (w: Tested, deps: Partial<Deps> = {}) => step(w, 'finishSecret', w.token, deps);

/** A provider at whose last answer before the move something else happens. */
function during(w: Tested, happen: () => Promise<unknown>) {
  let asked = 0;
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    asked += 1;
    if (asked === 2) await happen();
    return result;
  };
  return { provider: () => ({ ...w.provider, check }) };
}

const rollBack = (w: Tested) => w.secrets.moveCurrent({ arn: w.arn, from: w.before, to: w.firstVersion });

test('takes AWSPENDING off by itself and hints once, after the label has moved', async () => {
  const w = await tested();
  const movedBefore: boolean[] = [];
  const send = async () => void movedBefore.push((await w.labels(w.token)).includes('AWSCURRENT'));

  await finish(w, { hints: { send } });

  expect(await w.labels(w.token)).toEqual(expect.arrayContaining(['AWSCURRENT', 'KEYTURN']));
  expect(await w.labels(w.token)).not.toContain('AWSPENDING');
  expect(movedBefore).toEqual([true]);
});

test('I5b: asked again for a token that is current, hints again and takes off an AWSPENDING that was left', async () => {
  const w = await tested();
  const killed = { ...w.secrets, dropPending: () => Promise.reject(new Error('killed')) };
  const hints = { send: () => Promise.reject(new Error('killed')) };
  await finish(w, { secrets: killed, hints }).catch(() => undefined);

  await finish(w);

  expect(w.hintedSince()).toMatchObject([{ 'detail-type': 'LabelMoved', detail: { versionId: w.token } }]);
  expect(await w.labels(w.token)).not.toContain('AWSPENDING');
});

test('a hint that cannot be sent does not fail the rotation', async () => {
  const w = await tested();

  await finish(w, { hints: { send: () => Promise.reject(new Error('down')) } });

  expect(await w.labels(w.token)).toContain('AWSCURRENT');
  expect(w.events('RotationFailed')).toEqual([]);
});

test.each([
  [
    'a node refuses the key again',
    { outcome: 'rejected', code: 'InvalidKey', final: false },
    { name: 'TransientError' },
  ],
  ['the key is refused for good', { outcome: 'rejected', code: 'Revoked', final: true }, { reason: 'key-rejected' }],
] as const)('I9: nothing moves when %s at the last check, whatever the control plane says', async (_, use, error) => {
  const w = await tested();
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    return request.probe === 'credential' ? { ...result, use } : result;
  };

  await expect(finish(w, { provider: () => ({ ...w.provider, check }) })).rejects.toMatchObject(error);

  expect(await w.labels(w.before)).toContain('AWSCURRENT');
});

test('a version that lost AWSPENDING during the last check does not become current', async () => {
  const w = await tested();
  const cleared = during(w, () => w.secrets.dropPending({ arn: w.arn, versionId: w.token }));

  await expect(finish(w, cleared)).rejects.toMatchObject({ reason: 'abandoned' });

  expect(await w.labels(w.before)).toContain('AWSCURRENT');
});

test('I1: a rollback during the last check wins', async () => {
  const w = await tested();

  await expect(
    finish(
      w,
      during(w, () => rollBack(w)),
    ),
  ).rejects.toMatchObject({ name: 'TransientError' });

  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
  expect(w.hintedSince()).toEqual([]);
});

test('I1: a rollback between the last look and the move wins, by compare-and-set', async () => {
  const w = await tested();
  let looks = 0;
  const describe: typeof w.secrets.describe = async (id) => {
    const description = await w.secrets.describe(id);
    looks += 1;
    if (looks === 2) await rollBack(w);
    return description;
  };

  const finishing = finish(w, { secrets: { ...w.secrets, describe } });

  await expect(finishing).rejects.toMatchObject({ name: 'TransientError' });
  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
  expect(w.hintedSince()).toEqual([]);
});

test('a second caller that finished during the last check is no failure', async () => {
  const w = await tested();

  await finish(
    w,
    during(w, () => finish(w)),
  );

  expect(await w.labels(w.token)).toContain('AWSCURRENT');
  expect(w.events('RotationFailed')).toEqual([]);
});

test('I9: a pending version whose credential is blank does not become current', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);
  const value: typeof w.secrets.value = async (id, which) => {
    const version = await w.secrets.value(id, which);
    return version?.versionId === token ? { ...version, text: hidden('{"key":"","secret":""}') } : version;
  };

  for (const name of ['setSecret', 'testSecret', 'finishSecret']) {
    await expect(step(w, name, token, { secrets: { ...w.secrets, value } })).rejects.toMatchObject({
      reason: 'shape-mismatch',
      field: '/key',
    });
  }

  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test('a tag that names a policy with acceptOutage meanwhile does not keep from comparing what keys that overlap may do', async () => {
  const w = await tested();
  const { standard } = w.config.policies;
  if (standard === undefined) throw new Error('no such policy');
  const config = { ...w.config, policies: { ...w.config.policies, standard: { ...standard, acceptOutage: true } } };
  const current = (await w.credentialIn(w.before)).keyId.reveal();
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    if (result.key.state === 'absent' || request.credential.keyId.reveal() !== current) return result;
    return { ...result, key: { ...result.key, entitlements: ['read'] } };
  };

  const finishing = finish(w, { config, provider: () => ({ ...w.provider, check }) });

  await expect(finishing).rejects.toThrow('entitlements of the current key changed');
  expect(await w.labels(w.before)).toContain('AWSCURRENT');
});
