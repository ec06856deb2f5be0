import { createHash } from 'node:crypto';

import type { Route } from '@keyturn/config/route';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Announcement } from './announcement.ts';
import type { Notice } from './notice.ts';
import { briefly, renderSlack } from './render-slack.ts';
import type { SlackChannel, SlackMessage, SlackPlace } from './slack-channel.ts';
import type { SlackWebhook } from './slack-webhook.ts';
import { storyNotice } from './story-notice.ts';
import { isAlarming, stateOf } from './story-state.ts';
import type { Deps, Step } from './tell-story.ts';
import { withIds, type ThreadId, type Told } from './thread-row.ts';

/**
 * The announcement as head of the story's thread or as a reply to it, then the head brought up to date. Without a bot it is a single message by the
 * webhook. No step: nobody reads Slack.
 */
export function slackSteps(
  { correlationId }: ThreadId,
  route: Route,
  { slack, slackWebhook, config }: Pick<Deps, 'slack' | 'slackWebhook' | 'config'>,
  announcement: Announcement | undefined,
): readonly Step[] {
  if (route.slack === undefined) return [];
  if (slack === undefined)
    return slackWebhook === undefined ? [] : [tellAlone(slackWebhook, correlationId, announcement)];
  const place = { channel: route.slack, route: routeField(route, config) };
  const to = { slack, correlationId, place };
  if (announcement === undefined) return [show(to)];
  const byBot = tell(to, announcement);
  const spare = announcement.alert ? slackWebhook : undefined;
  return [spare === undefined ? byBot : withSpare(byBot, spare, to, announcement), show(to)];
}

type Thread = { readonly slack: SlackChannel; readonly correlationId: string; readonly place: SlackPlace };

function tell({ slack, correlationId, place }: Thread, { ids, fact, alert, notice }: Announcement): Step {
  return {
    channel: 'slack',
    isDone: (told) => told.slack.told.includes(ids[0]),
    async run(told) {
      const head = headIn(place, told);
      if (head !== undefined) {
        const reply = renderSlack(alert ? notice : briefly(notice), { correlationId, fact, alert });
        await slack.post(place, reply, { replyTo: head.ts, broadcast: alert });
        return { ...told, slack: { ...told.slack, told: withIds(told.slack.told, ids) } };
      }
      const message = headMessage(told, correlationId);
      const { ts } = await slack.post(place, message);
      const posted = { channel: place.channel, ts, shown: digest(message) };
      // The head tells all that is known, and that may be more than this announcement.
      return { ...told, slack: { head: posted, told: withIds(told.slack.told, told.heard) } };
    },
  };
}

function tellAlone(webhook: SlackWebhook, correlationId: string, announcement: Announcement | undefined): Step {
  return {
    channel: 'slack',
    isDone: (told) => announcement === undefined || told.slack.told.includes(announcement.ids[0]),
    async run(told) {
      if (announcement === undefined) return told;
      const { ids, fact, alert, notice } = announcement;
      await webhook.post(renderSlack(notice, { correlationId, fact, alert }));
      return { ...told, slack: { ...told.slack, told: withIds(told.slack.told, ids) } };
    },
  };
}

/** An alert that the bot will never deliver goes by the webhook. What is ours to mend stays an error. */
function withSpare(
  byBot: Step,
  webhook: SlackWebhook,
  { place, correlationId }: Thread,
  announcement: Announcement,
): Step {
  return {
    ...byBot,
    async run(told) {
      try {
        return await byBot.run(told);
      } catch (error) {
        if (!(error instanceof PermanentError) || error.reason === 'internal') throw error;
        const notice = redirected(announcement.notice, place, error);
        return tellAlone(webhook, correlationId, { ...announcement, notice }).run(told);
      }
    },
  };
}

function redirected(notice: Notice, { channel, route }: SlackPlace, { message }: PermanentError): Notice {
  const line = `This message was meant for the Slack channel ${channel} (${route} in the configuration of Keyturn), where the bot cannot post: ${message}.`;
  return { ...notice, lines: [...notice.lines, line] };
}

function show({ slack, correlationId, place }: Thread): Step {
  return {
    channel: 'slack',
    isDone(told) {
      const head = headIn(place, told);
      return head === undefined || head.shown === digest(headMessage(told, correlationId));
    },
    async run(told) {
      const head = headIn(place, told);
      if (head === undefined) return told;
      const message = headMessage(told, correlationId);
      // One that is gone, or that may not be edited any more, stays as it is.
      await slack.update(place, head.ts, message);
      return { ...told, slack: { ...told.slack, head: { ...head, shown: digest(message) } } };
    },
  };
}

// Where the route was changed since, the story goes on in the new channel.
function headIn({ channel }: SlackPlace, { slack }: Told) {
  return slack.head?.channel === channel ? slack.head : undefined;
}

function headMessage({ story }: Told, correlationId: string): SlackMessage {
  return renderSlack(storyNotice(story), { correlationId, fact: stateOf(story), alert: isAlarming(story) });
}

function routeField({ owner, slack }: Route, { routes }: Deps['config']): string {
  const isOwn = Object.hasOwn(routes, owner) && routes[owner]?.slack === slack;
  return `routes.${isOwn ? owner : 'default'}.slack`;
}

function digest(message: SlackMessage): string {
  return createHash('sha256').update(JSON.stringify(message)).digest('hex').slice(0, 16);
}
