import { SecretRotated } from '@keyturn/events/secret-rotated';
import { expect, test } from 'vitest';

import { live, readers, stage } from './played-stage.ts';
import { day, steps, world } from './world.ts';

test.each([1, 3])(
  'I1, I2, I3: rotations, a rollback and an edit fail no reader and leave one key, each message delivered %i times',
  async (times) => {
    const w = await world();
    const s = stage(w);
    const check = readers(w, day);
    await s.deliver(times);

    await s.rotate(check);
    await s.deliver(times);
    await live(w, 12, check);
    const newer = await s.rotate(check);
    await s.deliver(times);
    await live(w, 0.5, check);
    const previous = [...(await w.secrets.describe(w.arn)).stages].find(([, labels]) => labels.includes('AWSPREVIOUS'));
    await w.secrets.moveCurrent({ arn: w.arn, from: newer, to: previous?.[0] ?? '' });
    await s.deliver(times);
    await live(w, 12, check);
    await w.paste(w.provider.handMade({ target: 'orders-app' }));
    await s.deliver(times);
    await s.rotate(check);
    await s.deliver(times);
    await live(w, 12, check);

    const pasted = w.provider.stored('orders-app').filter(({ mark }) => mark === undefined);
    expect(w.provider.stored('orders-app')).toHaveLength(1);
    expect(pasted).toEqual([]);
    expect(w.events('SecretRotated').map((event) => SecretRotated.parse(event).data.cause)).toEqual([
      'rotation',
      'rotation',
      'rollback',
      'manual',
      'rotation',
    ]);
    expect(new Set(w.events('CredentialRetired').map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(4);
  },
);

test('a console edit in the middle wins, fails no reader, and the key of the abandoned rotation is gone in the end', async () => {
  for (const interrupted of steps.slice(1)) {
    const w = await world();
    const s = stage(w);
    const check = readers(w, day);
    await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
    await s.deliver();
    const edit = async (name: string) => {
      if (name === interrupted) await w.paste(w.provider.handMade({ target: 'orders-app', mark: w.mark('pasted') }));
    };

    await s.rotate(edit).catch(() => undefined);
    await s.deliver();
    await live(w, 9, check);

    expect(w.provider.stored('orders-app'), interrupted).toMatchObject([{ mark: w.mark('pasted') }]);
  }
});

test('a label event and a hint that are both lost delay the announcement; the next one makes it good', async () => {
  const w = await world();
  const s = stage(w);
  await s.deliver();
  await s.rotate();
  s.lose();

  const token = await s.rotate();
  await s.deliver();

  expect(w.events('SecretRotated').map((event) => SecretRotated.parse(event).data.versionId)).toEqual([token]);
});
