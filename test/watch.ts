import { handleNotice } from '@keyturn/announcer/handle-notice';
import { parseNotice } from '@keyturn/announcer/parse-notice';
import { memoryQueue } from '@keyturn/aws/memory-queue';
import { memoryMetrics } from '@keyturn/lambda/memory-metrics';
import type { Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { watchFleet } from '@keyturn/watchdog/watch-fleet';

import { hour, minute, world, type World } from './world.ts';

/** The watchdog in a world, and the two queues that it writes to. */
export function watchdog(w: World) {
  const announcerQueue = memoryQueue();
  const cleanupQueue = memoryQueue();
  const metrics = memoryMetrics();
  const deps = { ...w.cleanup, secrets: w.secrets, announcerQueue, cleanupQueue, metrics };
  return {
    deps,
    announcerQueue,
    cleanupQueue,
    metrics,
    /** The announcer gets what was sent to it. */
    heed: async (change: object = {}) => {
      for (const body of announcerQueue.sent.splice(0)) {
        await handleNotice(parseNotice(body), { ...w.announcer, ...change });
      }
    },
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

/** A secret that is no more, and the mark of its key. */
export const gone = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:old/one-AbCdEf';
export const ofGone = (version = 'v1') => formatMark(markOf(gone, version, 'test'));

/** A secret that lives, with its own key, and beside it the key of one that is gone. */
export async function orphaned(
  orphans: 'report' | 'reap' = 'report',
  mark = ofGone(),
  options: Parameters<typeof world>[0] = {},
) {
  const w = await watchedWorld(options);
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const left = w.provider.handMade({ target: 'orders-app', mark });
  const apigee = w.config.providers['apigee'];
  const config = { ...w.config, providers: { apigee: { ...apigee, orphans } } };
  const dog = watchdog(w);
  /** The watchdog passes by that many times, and the announcer hears of it. */
  const hours = async (count: number, change: object = {}) => {
    for (let n = 0; n < count; n += 1) {
      w.pass(hour);
      await dog.run({ config, ...change });
      await dog.heed({ config, ...change });
    }
  };
  return { w, left, config, dog, hours, state: () => w.keys().get(left.keyId.reveal()) };
}
