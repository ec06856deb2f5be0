import { expect, test } from 'vitest';

import { listSuperseded } from '@keyturn/aws/supersession';

import { live, readers, stage } from './played-stage.ts';
import { day, minute, world } from './world.ts';

test('a key that a dead attempt left, and of whose end nobody told, is gone some time after the next rotation', async () => {
  const w = await world({ mode: 'generated' });
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  const check = readers(w, day);
  await s.deliver();
  // The provider makes the key, and the function dies before it writes it down. Then a person saves the secret, and the rotation is over.
  const token = await w.begin();
  await w.provider.propose({
    target: 'orders-app',
    mark: w.mark(token),
    like: w.handMade,
    entitlements: [],
  });
  await w.paste(w.handMade);
  w.pass(2 * minute);
  s.lose();
  const left = w.provider.stored('orders-app').filter(({ mark }) => mark === w.mark(token));

  await s.rotate(check);
  await s.deliver(2);
  await live(w, 20, check);

  expect(left).toHaveLength(1);
  expect(w.provider.stored('orders-app')).toMatchObject([{ keyId: (await w.credentialIn()).keyId.reveal() }]);
});

test('a key that a rotation has just made is none that was forgotten', async () => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  const first = await s.rotate();
  w.pass(2 * minute);

  await s.rotate(async (step) => {
    if (step === 'testSecret') await s.deliver();
  });

  const rows = await listSuperseded(w.ledger, w.arn);
  expect(rows.map(({ value }) => value.versionId)).toEqual([w.firstVersion]);
  expect(await w.labels(first)).toContain('AWSPREVIOUS');
});

test('of two keys that were made for one version the second ends too, after the first', async () => {
  const w = await world({ mode: 'generated' });
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  const check = readers(w, day);
  await s.deliver();
  const token = await s.rotate(check);
  await s.deliver();
  const twin = w.provider.handMade({ target: 'orders-app', mark: w.mark(token) });
  await live(w, 10, check);

  for (let rotations = 0; rotations < 2; rotations += 1) {
    await s.rotate(check);
    await s.deliver();
    await live(w, 12, check);
  }

  expect(w.keys().has(twin.keyId.reveal())).toBe(false);
  expect(w.keys().size).toBe(1);
});
