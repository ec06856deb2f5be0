import type { KeyturnEvent } from '@keyturn/events/define-event';
import { occurrence } from '@keyturn/events/occurrence';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { describe, expect, test } from 'vitest';

import type { EventBus } from './event-bus.ts';

const secretArn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-abcdef';
const clock = { now: () => 1_800_000_000_000 };
const about = { correlationId: 'c', idempotencyKey: `${secretArn}#1` };

/** A fact as a service tells it, with an ARN of ours or a longer one. */
export const exampleEvent = (runbookUrl = 'https://example.com/runbook'): KeyturnEvent =>
  SecretRotated.create(
    {
      secretArn,
      secretName: 'orders',
      provider: 'apigee',
      owner: 'payments',
      environment: 'test',
      runbookUrl,
      versionId: 'new',
      previousVersionId: 'old',
      cause: 'rotation',
      verification: 'dataPlane',
      oldCredentialValidUntil: null,
      nextRotationAt: null,
    },
    occurrence({ clock, newId: () => '0d1c2b3a-0000-4000-8000-000000000001' }, about),
  );

/** `published`: what the bus was given, as rules see it. */
type UnderTest = {
  readonly bus: EventBus;
  readonly published: () => readonly KeyturnEvent[] | Promise<readonly KeyturnEvent[]>;
};

export function testEventBus(name: string, setUp: () => UnderTest | Promise<UnderTest>): void {
  describe(`${name} as an event bus`, () => {
    test('hands on each event as it was published', async () => {
      const { bus, published } = await setUp();

      await bus.publish(exampleEvent());
      await bus.publish(exampleEvent('https://example.com/größer'));

      expect(await published()).toEqual([exampleEvent(), exampleEvent('https://example.com/größer')]);
    });

    test('refuses an event of more than 64 KB, counted in bytes, and publishes nothing', async () => {
      const { bus, published } = await setUp();

      const publishing = bus.publish(exampleEvent(`https://example.com/${'ö'.repeat(33_000)}`));

      await expect(publishing).rejects.toMatchObject({ reason: 'malformed', field: 'detail' });
      expect(await published()).toEqual([]);
    });
  });
}
