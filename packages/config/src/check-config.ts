import { eventTypes } from '@keyturn/events/catalogue';

import { checkNetwork } from './check-network.ts';
import { checkNotifications } from './check-notifications.ts';
import { checkPolicies } from './check-policies.ts';
import type { Config } from './config.ts';
import { ownProviders } from './own-providers.ts';
import type { Problems } from './problem.ts';
import { checkProvider } from './provider-config.ts';

/** What the schema cannot say: references, addresses, and times that depend on each other. */
export function* checkConfig(config: Config): Problems {
  for (const [id, provider] of Object.entries(config.providers)) {
    yield* checkName(`providers.${id}`, id, config.stage);
    yield* checkProvider(`providers.${id}`, provider);
  }
  for (const [id, { network }] of ownProviders(config)) yield* checkNetwork(`providers.${id}.network`, network);
  yield* checkPolicies(config);
  yield* checkNotifications(config);
  yield* checkNetwork('notifications.network', config.notifications.network);
  yield* checkSubscribers(config);
}

// AWS allows 64 characters for `keyturn-<stage>-<provider>-retire`.
const longestNames = 64 - 'keyturn---retire'.length;

function* checkName(field: string, id: string, stage: string): Problems {
  if (stage.length + id.length > longestNames) {
    yield {
      field,
      message: `is too long: stage and provider have ${longestNames} characters for the name of a function`,
    };
  }
}

function* checkSubscribers({ subscribers }: Config): Problems {
  for (const [index, { name, events }] of subscribers.entries()) {
    const field = `subscribers.${index}`;
    if (subscribers.findIndex((other) => other.name === name) < index) {
      yield { field: `${field}.name`, message: `${name} is there twice` };
    }
    for (const [place, type] of events.entries()) {
      if (eventTypes.some((known) => known === type)) continue;
      yield { field: `${field}.events.${place}`, message: `is none of ${eventTypes.join(', ')}` };
    }
  }
}
