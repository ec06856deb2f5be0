import type { Config } from '@keyturn/config/config';
import { functionNames, resourceNames } from '@keyturn/config/names';
import { ownProviders } from '@keyturn/config/own-providers';

/** What the template deploys for this configuration, by name. */
export function expectedStage({ stage, providers, subscribers }: Config) {
  const { bus, table, fleetParameter } = resourceNames(stage);
  const { rotationHandler, issue, retire } = functionNames(stage);
  const named = (name: string) => `${bus}-${name}`;
  const consumers = ['announcer', 'verifier', 'cleanup', 'notifier'].map(named);
  const ids = ownProviders({ providers }).map(([id]) => id);
  return {
    runtime: 'nodejs24.x',
    functions: [
      rotationHandler,
      ...consumers,
      named('sweep'),
      named('watchdog'),
      ...ids.map(issue),
      ...ids.map(retire),
    ],
    bus,
    table,
    fleetParameter,
    queues: consumers,
    deadLetterQueues: [
      ...consumers.map((name) => `${name}-dlq`),
      named('sweep-dlq'),
      named('watchdog-dlq'),
      ...subscribers.map(({ name }) => named(`to-${name}-dlq`)),
    ],
    /** There only where a parameter of the deployment gives the stage a key: for events that the key failed on. */
    busDeadLetterQueue: named('bus-dlq'),
  };
}
