import { handleNotice } from '@keyturn/announcer/handle-notice';
import { parseNotice } from '@keyturn/announcer/parse-notice';
import type { Mailer } from '@keyturn/aws/mailer';
import { memoryMailer } from '@keyturn/aws/memory-mailer';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { sweepDue } from '@keyturn/cleanup/sweep-due';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { parseNotifiedEvent } from '@keyturn/notifier/notified-event';
import { notifyOwner } from '@keyturn/notifier/notify-owner';
import { rotateSecret } from '@keyturn/rotation-handler/rotate-secret';
import { parseRotationRequest } from '@keyturn/rotation-handler/rotation-request';
import type { Credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { verifyCurrent } from '@keyturn/verifier/verify-current';
import { expect } from 'vitest';

import { hour, minute, steps, type World } from './world.ts';

/** The whole flow in memory: what the bus and the queues do is done by hand, so that a test can lose, repeat and reorder it. */
export function stage(w: World) {
  const seen = { labels: 0, hints: 0, events: 0 };
  const mailer = memoryMailer();
  return {
    /** The mails that the owner got, the oldest first. */
    mails: mailer.sent,
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
    /** Delivers what was sent since the last time, each message `times` times; `lost`: what the announcer tells of it reaches nobody but the owner. */
    async deliver(times = 1, lost: 'lost' | 'kept' = 'kept') {
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
        for (let copy = 0; copy < times; copy += 1) {
          if (lost === 'kept') await consume(w, event);
          await notify(w, event, mailer);
        }
      }
    },
    lose() {
      seen.labels = w.labelEvents.length;
      seen.hints = w.hints.sent.length;
      seen.events = w.bus.published.length;
    },
  };
}

async function notify(w: World, event: World['bus']['published'][number] | undefined, mailer: Mailer): Promise<void> {
  const parsed = event && parseNotifiedEvent(event);
  if (parsed !== undefined)
    await notifyOwner(parsed, {
      ...w.announcer,
      slack: undefined,
      slackWebhook: undefined,
      webhooks: new Map(),
      mailer,
    });
}

/** As a queue does with a message that is to come back later. */
async function comingBack(w: World, handle: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await handle();
      return;
    } catch (error) {
      if (!(error instanceof TransientError) || error.retryAfterMs === undefined || attempt === 5) throw error;
      w.pass(error.retryAfterMs);
    }
  }
}

export async function consume(w: World, event: World['bus']['published'][number] | undefined): Promise<void> {
  if (
    event !== undefined &&
    ['SecretRotated', 'RotationFailed', 'VerificationFailed', 'VersionAdopted'].includes(event['detail-type'])
  ) {
    await settleRotation(parseOutcome(event), w.cleanup);
  }
  if (event?.['detail-type'] === 'SecretRotated') {
    await comingBack(w, () => verifyCurrent(SecretRotated.parse(event), w.verifier));
  }
}

/** Readers that keep what they read for a whole grace: checks I1 and I2 whenever it is asked. */
export function readers(w: World, graceMs: number) {
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

export async function live(w: World, days: number, check: () => Promise<void>): Promise<void> {
  for (let hours = 0; hours < days * 24; hours += 1) {
    w.pass(hour);
    await check();
    await sweepDue(w.clock.now() + 15 * minute, w.cleanup);
    await check();
  }
}
