import { eventTypes } from '@keyturn/events/catalogue';

import { checkNetwork } from './check-network.ts';
import { checkNotifications } from './check-notifications.ts';
import { checkPolicies } from './check-policies.ts';
import type { Config, ProviderConfig } from './config.ts';
import { entry } from './entry.ts';
import type { Problems } from './problem.ts';
import { urlProblems } from './url-problems.ts';

/** What the schema cannot say: references, addresses, and times that depend on each other. */
export function* checkConfig(config: Config): Problems {
  for (const [id, provider] of Object.entries(config.providers)) {
    yield* checkName(`providers.${id}`, id, config.stage);
    yield* checkUrls(`providers.${id}`, provider);
    yield* checkProbes(`providers.${id}`, provider);
    yield* checkNetwork(`providers.${id}.network`, provider.network);
  }
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

function* checkUrls(at: string, { managementUrl, auth, urls, allowHttp }: ProviderConfig): Problems {
  yield* urlProblems(`${at}.managementUrl`, managementUrl, allowHttp);
  for (const [name, value] of Object.entries<string | undefined>(auth)) {
    if (name.endsWith('Url') && value !== undefined) yield* urlProblems(`${at}.auth.${name}`, value, allowHttp);
  }
  for (const [id, url] of Object.entries(urls)) yield* urlProblems(`${at}.urls.${id}`, url, allowHttp);
}

function* checkProbes(at: string, { probes, urls }: ProviderConfig): Problems {
  for (const [index, { id, url }] of probes.entries()) {
    if (entry(urls, url) === undefined) yield { field: `${at}.probes.${index}.url`, message: `is none of ${at}.urls` };
    if (probes.findIndex((probe) => probe.id === id) < index) {
      yield { field: `${at}.probes.${index}.id`, message: `${id} is there twice` };
    }
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
