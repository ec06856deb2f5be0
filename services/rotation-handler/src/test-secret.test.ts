import { expect, test } from 'vitest';

import { minute, world, type World } from '../../../test/world.ts';
import { parseRotationRequest } from './rotation-request.ts';
import type { Deps } from './rotation.ts';
import { rotateSecret } from './rotate-secret.ts';

function step(w: World, name: string, token: string, deps: Partial<Deps> = {}, timeMs = 14 * minute) {
  const request = parseRotationRequest({ Step: name, SecretId: w.arn, ClientRequestToken: token });
  return rotateSecret({ request, ownArn: w.handlerArn, deadline: w.clock.now() + timeMs }, { ...w.rotation, ...deps });
}

/** A rotation whose key was made just now: the nodes hear of it at once, after 5 and after 30 seconds. */
async function made(policy: Record<string, unknown> = {}) {
  const w = await world();
  const { standard } = w.config.policies;
  if (standard === undefined) throw new Error('no such policy');
  const config = { ...w.config, policies: { ...w.config.policies, standard: { ...standard, ...policy } } };
  const token = await w.begin();
  await step(w, 'createSecret', token);
  await step(w, 'setSecret', token);
  return { ...w, token, config };
}

/** The provider, whose probes find what `answers` says. */
function probing(w: World, answers: Partial<Record<'credential' | 'random', unknown>>) {
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    const use = request.probe === 'none' ? undefined : answers[request.probe];
    return use === undefined ? result : { ...result, use: use as typeof result.use };
  };
  return () => ({ ...w.provider, check });
}

test('I9: no probe is sent before the hold-off is over', async () => {
  const w = await made();
  const before = w.clock.now();
  const probedAt: number[] = [];
  const check: typeof w.provider.check = async (request) => {
    if (request.probe !== 'none') probedAt.push(w.clock.now() - before);
    return w.provider.check(request);
  };

  await step(w, 'testSecret', w.token, { provider: () => ({ ...w.provider, check }) });

  expect(probedAt[0]).toBe(30_000);
});

test('I9: a tag that names a policy with acceptOutage meanwhile takes nothing from the hold-off where the keys overlap', async () => {
  const w = await made({ acceptOutage: true });
  const before = w.clock.now();
  const probedAt: number[] = [];
  const check: typeof w.provider.check = async (request) => {
    if (request.probe !== 'none') probedAt.push(w.clock.now() - before);
    return w.provider.check(request);
  };

  await step(w, 'testSecret', w.token, { config: w.config, provider: () => ({ ...w.provider, check }) });

  expect(probedAt[0]).toBe(30_000);
});

test('I9: a node that hears late is waited for where the hold-off is too short: all accepts have to come in a row', async () => {
  const w = await made({ holdOff: 0 });
  const before = w.clock.now();

  await step(w, 'testSecret', w.token, { config: w.config });

  expect(w.clock.now() - before).toBeGreaterThanOrEqual(30_000);
  expect(w.provider.acceptedBy(await w.credentialIn(w.token))).toEqual([true, true, true]);
});

test('I9: a key that is refused until the function has to end is tried again later, and nobody is told', async () => {
  const w = await made({ holdOff: 0 });
  const before = w.clock.now();

  const testing = step(w, 'testSecret', w.token, { config: w.config }, 120_000);

  await expect(testing).rejects.toMatchObject({ name: 'PendingError' });
  expect(w.clock.now() - before).toBeLessThanOrEqual(20_000);
  expect(w.events()).toEqual([]);
});

test.each([
  ['a refusal that waiting does not change', { outcome: 'rejected', code: 'Revoked', final: true }, 'key-rejected'],
  ['a target without a probe', { outcome: 'no-probe' }, 'misconfigured'],
])('I9: %s fails the test at once', async (_, use, reason) => {
  const w = await made();

  const testing = step(w, 'testSecret', w.token, { provider: probing(w, { credential: use }) });

  await expect(testing).rejects.toMatchObject({ reason });
  expect(w.clock.now()).toBeLessThan(Date.parse('2026-11-21T08:01:00Z'));
});

test('I9: a key that the provider stores with another secret is never used', async () => {
  const w = await made();
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    return result.key.state === 'absent' ? result : { ...result, key: { ...result.key, secretMatches: false } };
  };

  const testing = step(w, 'testSecret', w.token, { provider: () => ({ ...w.provider, check }) });

  await expect(testing).rejects.toMatchObject({ reason: 'not-yours' });
});

test('I9: a long hold-off is not taken for over where the provider does not say when it made the key', async () => {
  const w = await made({ holdOff: 30 * minute });
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    return result.key.state === 'absent' ? result : { ...result, key: { ...result.key, issuedAt: undefined } };
  };

  const testing = step(w, 'testSecret', w.token, { config: w.config, provider: () => ({ ...w.provider, check }) });

  await expect(testing).rejects.toMatchObject({ reason: 'unsupported', field: 'policies.standard.holdOff' });
});

test('the dry run of a schedule waits for nothing, and takes the key by the mark of its own version', async () => {
  const w = await world();
  await w.model.rotateSecret({ SecretId: w.arn, RotateImmediately: false });
  const { stages } = await w.secrets.describe(w.arn);
  const token = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0] ?? '';
  const before = w.clock.now();

  await step(w, 'testSecret', token);

  expect(w.clock.now()).toBe(before);
});

test('a policy of the control plane alone sends no probe, not even of a random key', async () => {
  const w = await made({ verification: 'controlPlane' });
  const refused = { outcome: 'rejected', code: 'x', final: true };

  await step(w, 'testSecret', w.token, {
    config: w.config,
    provider: probing(w, { credential: refused, random: { outcome: 'accepted' } }),
  });

  expect(w.events()).toEqual([]);
});

test('I9: a key whose app is off is refused, though the policy sends no probe', async () => {
  const w = await made({ verification: 'controlPlane' });
  w.provider.switchOff('orders-app');

  const testing = step(w, 'testSecret', w.token, { config: w.config });

  await expect(testing).rejects.toMatchObject({ reason: 'key-rejected' });
});
