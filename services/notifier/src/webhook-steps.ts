import { createHash } from 'node:crypto';

import type { Route } from '@keyturn/config/route';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Announcement } from './announcement.ts';
import { storyNotice } from './story-notice.ts';
import { needsSomebody } from './story-state.ts';
import type { Deps, Step } from './tell-story.ts';
import { withIds, type ThreadId, type Told } from './thread-row.ts';
import type { Delivery, Interest, Webhook } from './webhook.ts';

/** The announcement for each webhook that wants to hear of it, and the end of an alert for those that keep alerts open. */
export function webhookSteps(
  thread: ThreadId,
  route: Route,
  { webhooks }: Pick<Deps, 'webhooks'>,
  announcement: Announcement | undefined,
): readonly Step[] {
  return route.webhooks.flatMap((id) => {
    const to = { id, webhook: known(webhooks, id), thread, owner: route.owner };
    return [tell(to, announcement), ...(to.webhook.interest === 'alerts' ? [resolve(to)] : [])];
  });
}

type Receiver = { readonly id: string; readonly webhook: Webhook; readonly thread: ThreadId; readonly owner: string };

function tell(to: Receiver, announcement: Announcement | undefined): Step {
  const wanted = announcement !== undefined && wants(to.webhook.interest, announcement) ? announcement : undefined;
  return {
    channel: `webhooks.${to.id}`,
    isDone: (told) => wanted === undefined || toldTo(told, to.id).told.includes(wanted.ids[0]),
    async run(told) {
      if (wanted === undefined) return told;
      const { ids, fact: type, alert, notice } = wanted;
      await to.webhook.send({ ...about(to, told, ids[0]), type, kind: alert ? 'alert' : 'news', notice });
      const { told: before, open } = toldTo(told, to.id);
      return note(told, to.id, { told: withIds(before, ids), open: open || alert });
    },
  };
}

function resolve(to: Receiver): Step {
  return {
    channel: `webhooks.${to.id}`,
    isDone: (told) => !toldTo(told, to.id).open || needsSomebody(told.story),
    async run(told) {
      const { told: ids } = toldTo(told, to.id);
      const notice = storyNotice(told.story);
      // Each alert that was told may end once.
      const id = `resolved#${ids.length}`;
      await to.webhook.send({ ...about(to, told, id), type: 'resolved', kind: 'resolved', notice });
      return note(told, to.id, { told: ids, open: false });
    },
  };
}

function wants(interest: Interest, { alert, mail }: Announcement): boolean {
  return interest === 'everything' || (interest === 'alerts' ? alert : mail);
}

function about(
  { id, thread, owner }: Receiver,
  { story }: Told,
  what: string,
): Omit<Delivery, 'type' | 'kind' | 'notice'> {
  const { secretArn: arn, correlationId } = thread;
  const { name, provider, environment } = story.secret;
  return {
    id: deliveryId(id, arn, correlationId, what),
    owner,
    environment,
    correlationId,
    secret: { arn, name, provider },
  };
}

/** The same each time: what comes twice is seen to. */
export function deliveryId(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

type ToldTo = Told['webhooks'][string];

function toldTo({ webhooks }: Told, id: string): ToldTo {
  return (Object.hasOwn(webhooks, id) ? webhooks[id] : undefined) ?? { told: [], open: false };
}

function note(told: Told, id: string, now: ToldTo): Told {
  return { ...told, webhooks: { ...told.webhooks, [id]: now } };
}

export function known(webhooks: Deps['webhooks'], id: string): Webhook {
  const webhook = webhooks.get(id);
  if (webhook !== undefined) return webhook;
  throw new PermanentError('misconfigured', 'A route names a webhook that is not there', {
    field: `notifications.webhooks.${id}`,
  });
}
