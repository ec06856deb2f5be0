import { expect, test } from 'vitest';

import { credential, type Credential } from '@keyturn/rotation/credential';
import { presetsUnderTest } from '@keyturn/token-adapter/presets.conformance';
import { simulatedApi, type SimulatedApi } from '@keyturn/token-adapter/simulated-api.conformance';
import { hashOf } from '@keyturn/token-adapter/token-key';

import { keyturn } from './keyturn.ts';
import { live, stage } from './played-stage.ts';
import { day, secretText, world, type World } from './world.ts';

const { described, shown } = presetsUnderTest['Okta, two slots'];
const { target: app } = shown;
const picked = ['--provider', 'apigee', '--policy', 'standard', '--shape', 'pair', '--owner', 'orders'];

/** A secret with a client secret that a person made in Okta's console, and the shipped preset between us and the API. */
async function oktaStage() {
  const w = await world({ tags: { 'keyturn:target': app } });
  const okta = await simulatedApi({ ...described, clock: w.clock });
  const { secret } = okta.api.handMade({ target: app });
  const handMade = credential(hashOf(secret), secret);
  await w.paste(secretText(handMade));
  const provider = (): never => okta.provider as never;
  const ours: World = {
    ...w,
    provider: provider(),
    rotation: { ...w.rotation, provider },
    verifier: { ...w.verifier, provider },
    cleanup: { ...w.cleanup, issue: provider, retire: provider },
  };
  const s = stage(ours);
  // Of the key that every world begins with.
  s.lose();
  const adopted = await keyturn(ours, 'adopt', 'orders/apigee', ...picked, '--yes');
  await s.deliver();
  return { w: ours, s, okta, handMade, adopted };
}
const inOkta = ({ api }: SimulatedApi) => api.stored(app).map(({ secret, enabled }) => [hashOf(secret), enabled]);
const accepted = ({ api }: SimulatedApi, { secret }: Credential) => api.acceptedBy(secret.reveal());

test('a client secret of Okta is adopted, rotated and retired, twice, and no request fails', async () => {
  const { w, s, okta, handMade, adopted } = await oktaStage();
  const handedOut = new Map([[handMade.keyId.reveal(), { key: handMade, until: Infinity }]]);
  const check = async () => {
    const current = await w.credentialIn();
    for (const held of handedOut.values()) if (held.until === Infinity) held.until = w.clock.now() + day;
    handedOut.set(current.keyId.reveal(), { key: current, until: Infinity });
    for (const { key, until } of handedOut.values()) {
      if (w.clock.now() > until) continue;
      expect(accepted(okta, key)).toEqual([true, true, true]);
    }
  };

  for (let round = 0; round < 2; round += 1) {
    await s.rotate(check);
    await s.deliver();
    await check();
    expect(inOkta(okta)).toHaveLength(2);
    await live(w, 9, check);
  }

  expect(adopted.code).toBe(0);
  expect(inOkta(okta)).toEqual([[(await w.credentialIn()).keyId.reveal(), true]]);
  expect(w.events('CredentialRetired')).toHaveLength(2);
  expect([...w.events('RotationFailed'), ...w.events('RetirementHeld')]).toEqual([]);
  await okta.close();
});

test('rolled back within the soak, the client secret before is switched on and works', async () => {
  const { w, s, okta, handMade } = await oktaStage();
  await s.rotate();
  await s.deliver();
  await live(w, 2, async () => {});
  expect(inOkta(okta)).toContainEqual([handMade.keyId.reveal(), false]);

  const { code } = await keyturn(w, 'rollback', 'orders/apigee', '--yes');
  await s.deliver();
  await live(w, 9, async () => {});

  expect(code).toBe(0);
  expect((await w.credentialIn()).keyId.reveal()).toBe(handMade.keyId.reveal());
  expect(inOkta(okta)).toEqual([[handMade.keyId.reveal(), true]]);
  await okta.close();
});

test('while both slots are taken nothing is made and nothing is removed', async () => {
  const { s, okta } = await oktaStage();
  await s.rotate();
  await s.deliver();
  const before = inOkta(okta);

  await expect(s.rotate()).rejects.toMatchObject({ reason: 'quota' });

  expect(inOkta(okta)).toEqual(before);
  await okta.close();
});
