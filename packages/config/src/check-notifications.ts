import type { Config } from './config.ts';
import { entry } from './entry.ts';
import type { SlackConfig } from './notifications-config.ts';
import type { Problems } from './problem.ts';
import { hasAddress } from './route.ts';
import { isTagValue } from './tag-value.ts';
import { urlProblems } from './url-problems.ts';

export function* checkNotifications({ routes, notifications, runbooks }: Config): Problems {
  const { slack, webhooks } = notifications;
  if (slack !== undefined) yield* checkSlack(slack);
  for (const [id, { url, allowHttp }] of Object.entries(webhooks)) {
    yield* urlProblems(`notifications.webhooks.${id}.url`, url, allowHttp);
  }
  yield* urlProblems('runbooks', runbooks, []);
  if (!hasAddress(routes.default)) {
    yield { field: 'routes.default', message: 'has no address: nobody would hear of what has no owner' };
  }
  for (const [owner, route] of Object.entries(routes)) {
    if (!isTagValue(owner)) yield { field: `routes.${owner}`, message: 'cannot be the value of a tag' };
    yield* checkRoute(`routes.${owner}`, route, notifications);
  }
}

function* checkSlack({ tokenSecret, webhookSecret, apiUrl, webhookUrl, allowHttp }: SlackConfig): Problems {
  const field = 'notifications.slack';
  if (tokenSecret === undefined && webhookSecret === undefined) {
    yield { field, message: 'needs tokenSecret, webhookSecret or both' };
  }
  yield* urlProblems(`${field}.apiUrl`, apiUrl, allowHttp);
  yield* urlProblems(`${field}.webhookUrl`, webhookUrl, allowHttp);
}

function* checkRoute(field: string, route: Config['routes'][string], notifications: Config['notifications']): Problems {
  const { slack, mail, webhooks } = notifications;
  if (route.slack !== undefined && slack === undefined) {
    yield { field: `${field}.slack`, message: 'needs notifications.slack' };
  }
  if (route.mail.length > 0 && mail === undefined) {
    yield { field: `${field}.mail`, message: 'needs notifications.mail' };
  }
  for (const [index, id] of route.webhooks.entries()) {
    const at = { field: `${field}.webhooks.${index}` };
    if (entry(webhooks, id) === undefined) yield { ...at, message: `there is no notifications.webhooks.${id}` };
    if (route.webhooks.indexOf(id) < index) yield { ...at, message: `${id} is there twice` };
  }
}
