import { handleNotice } from '@keyturn/announcer/handle-notice';
import { parseNotice } from '@keyturn/announcer/parse-notice';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { sweepDue } from '@keyturn/cleanup/sweep-due';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { rotateSecret } from '@keyturn/rotation-handler/rotate-secret';
import { parseRotationRequest } from '@keyturn/rotation-handler/rotation-request';
import type { Credential } from '@keyturn/rotation/credential';
import { verifyCurrent } from '@keyturn/verifier/verify-current';
import { expect, test } from 'vitest';

import { day, hour, minute, steps, world, type World } from './world.ts';

/** The whole flow in memory: what the bus and the queues do is done by hand, so that a test can lose, repeat and reorder it. */
function stage(w: World) {
  const seen = { labels: 0, hints: 0, events: 0 };
  return {
    async rotate(before: (step: string) => Promise<void> = async () => {}) {
      const token = await w.begin();
      for (const name of steps) {
        await before(name);
        const request = parseRotationRequest({ Step: name, SecretId: w.arn, ClientRequestToken: token });
        await rotateSecret({ request, ownArn: w.handlerArn, deadline: w.clock.now() + 14 * minute }, w.rotation);
      }
      w.model.rotations.ended({ arn: w.arn, token, succeeded: true });
      return token;
    },
    /** Delivers what was sent since the last time, each message `times` times. */
    async deliver(times = 1) {
      const notices = [...w.labelEvents.slice(seen.labels), ...w.hints.sent.slice(seen.hints)];
      seen.labels = w.labelEvents.length;
      seen.hints = w.hints.sent.length;
      const current = (notice: unknown) => !JSON.stringify(notice).includes('"labelUpdated":"KEYTURN"');
      for (const notice of notices.filter(current)) {
        for (let copy = 0; copy < times; copy += 1) await handleNotice(parseNotice(notice), w.announcer);
      }
      while (seen.events < w.bus.published.length) {
        const event = w.bus.published[seen.events];
        seen.events += 1;
        for (let copy = 0; copy < times; copy += 1) await consume(w, event);
      }
    },
    lose() {
      seen.labels = w.labelEvents.length;
      seen.hints = w.hints.sent.length;
      seen.events = w.bus.published.length;
    },
  };
}

async function consume(w: World, event: World['bus']['published'][number] | undefined): Promise<void> {
  if (event?.['detail-type'] === 'SecretRotated') await verifyCurrent(SecretRotated.parse(event), w.verifier);
  if (event !== undefined && ['SecretRotated', 'RotationFailed'].includes(event['detail-type'])) {
    await settleRotation(parseOutcome(event), w.cleanup);
  }
}

/** Readers that keep what they read for a whole grace: checks I1 and I2 whenever it is asked. */
function readers(w: World, graceMs: number) {
  const handedOut = new Map<string, { credential: Credential; lastAt: number }>();
  return async () => {
    const current = await w.credentialIn();
    handedOut.set(current.keyId.reveal(), { credential: current, lastAt: w.clock.now() });
    for (const { credential, lastAt } of handedOut.values()) {
      if (w.clock.now() > lastAt + graceMs) continue;
      expect(w.provider.acceptedBy(credential), `handed out ${(w.clock.now() - lastAt) / hour} h ago`).toEqual([
        true,
        true,
        true,
      ]);
    }
  };
}

async function live(w: World, days: number, check: () => Promise<void>): Promise<void> {
  for (let hours = 0; hours < days * 24; hours += 1) {
    w.pass(hour);
    await check();
    await sweepDue(w.clock.now() + 15 * minute, w.cleanup);
    await check();
  }
}

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
