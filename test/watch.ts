import { memoryQueue } from '@keyturn/aws/memory-queue';
import { memoryMetrics } from '@keyturn/lambda/memory-metrics';
import type { Credential } from '@keyturn/rotation/credential';
import { watchFleet } from '@keyturn/watchdog/watch-fleet';

import { minute, world, type World } from './world.ts';

/** The watchdog in a world, and the two queues that it writes to. */
export function watchdog(w: World) {
  const announcerQueue = memoryQueue();
  const cleanupQueue = memoryQueue();
  const metrics = memoryMetrics();
  const deps = { ...w.cleanup, secrets: w.secrets, announcerQueue, cleanupQueue, metrics };
  return {
    announcerQueue,
    cleanupQueue,
    metrics,
    run: (change: object = {}) => watchFleet(w.clock.now() + 15 * minute, { ...deps, ...change }),
  };
}

/** A world in which the secret is there that its configuration names. */
export async function watchedWorld(options: Parameters<typeof world>[0] = {}): Promise<World> {
  const w = await world(options);
  await w.model.createSecret({ Name: 'keyturn/apigee-admin', SecretString: 'a-canary-that-nobody-reads' });
  return w;
}

/** One more secret, whose key is in the other app. */
export async function another(w: World, name: string, given?: Credential): Promise<string> {
  const target = 'other-app';
  const key = given ?? w.provider.handMade({ target });
  const { ARN: arn = '' } = await w.model.createSecret({
    Name: name,
    SecretString: `{"key":"${key.keyId.reveal()}","secret":"${key.secret.reveal()}"}`,
    Tags: Object.entries({
      'keyturn:provider': 'apigee',
      'keyturn:policy': 'standard',
      'keyturn:shape': 'pair',
      'keyturn:owner': 'orders',
      'keyturn:target': target,
    }).map(([Key, Value]) => ({ Key, Value })),
  });
  await w.model.rotateSecret({
    SecretId: arn,
    RotationLambdaARN: w.handlerArn,
    RotationRules: { ScheduleExpression: 'rate(30 days)' },
    RotateImmediately: false,
  });
  w.model.rotations.ended({ arn, token: w.started.at(-1) ?? '', succeeded: true });
  return arn;
}
