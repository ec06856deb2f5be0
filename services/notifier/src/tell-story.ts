import { isDeepStrictEqual } from 'node:util';

import type { Mailer } from '@keyturn/aws/mailer';
import type { Config } from '@keyturn/config/config';
import type { Route } from '@keyturn/config/route';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Announcement } from './announcement.ts';
import { mailSteps } from './mail-steps.ts';
import type { SlackChannel } from './slack-channel.ts';
import { slackSteps } from './slack-steps.ts';
import type { SlackWebhook } from './slack-webhook.ts';
import type { Story } from './story.ts';
import { claimThread, readThread, withIds, type ClaimDeps, type ThreadId, type Told } from './thread-row.ts';
import { webhookSteps } from './webhook-steps.ts';
import type { Webhook } from './webhook.ts';

export type Deps = ClaimDeps & {
  readonly config: Config;
  /** undefined: the configuration has no Slack, or no sender of mail. */
  readonly slack: SlackChannel | undefined;
  readonly slackWebhook: SlackWebhook | undefined;
  readonly mailer: Mailer | undefined;
  /** By their ids in the configuration. */
  readonly webhooks: ReadonlyMap<string, Webhook>;
};

/** One thing that a channel is told: done once, and noted before the next. */
export type Step = {
  readonly channel: 'slack' | 'mail' | `webhooks.${string}`;
  readonly isDone: (told: Told) => boolean;
  /** Answers what is told then. */
  readonly run: (told: Told) => Promise<Told>;
};

type News = {
  /** undefined: there is no such story, and nothing to begin one with. */
  readonly learn: (before: Story | undefined) => Story | undefined;
  readonly announce: (story: Story) => Announcement | undefined;
};

/** Learns the news and tells each channel what it has not heard. What one channel got is noted, whatever becomes of the other. */
export async function tellStory(id: ThreadId, route: Route, deps: Deps, news: News): Promise<Story | undefined> {
  const thread = await readThread(deps.ledger, id);
  const story = news.learn(thread.told?.story);
  if (story === undefined) return undefined;
  const announcement = news.announce(story);
  const told = heard(thread.told, story, announcement);
  const steps = [
    ...slackSteps(id, route, deps, announcement),
    ...mailSteps(id, route, deps, announcement),
    ...webhookSteps(id, route, deps, announcement),
  ];
  if (announcement !== undefined && steps.length === 0) throw silent(route);
  const isIdle = steps.every((step) => step.isDone(told));
  if (isIdle && isDeepStrictEqual(told, thread.told)) return story;

  const claim = await claimThread(id, thread, told, deps);
  const { last, failures } = await runSteps(steps, told, (told) => claim.note(told, 'keep'));
  await claim.note(last, 'give back');
  throwWorst(failures);
  return story;
}

function heard(before: Told | undefined, story: Story, announcement: Announcement | undefined): Told {
  const { slack = { head: null, told: [] }, mailed = [], webhooks = {} } = before ?? {};
  return { story, heard: withIds(before?.heard ?? [], announcement?.ids ?? []), slack, mailed, webhooks };
}

async function runSteps(steps: readonly Step[], told: Told, note: (told: Told) => Promise<void>) {
  let last = told;
  const failures = new Map<Step['channel'], unknown>();
  for (const step of steps) {
    if (failures.has(step.channel) || step.isDone(last)) continue;
    const before = last;
    const done = await settle(() => step.run(before));
    if ('failure' in done) failures.set(step.channel, done.failure);
    else await note((last = done.told));
  }
  return { last, failures: [...failures.values()] };
}

async function settle(run: () => Promise<Told>): Promise<{ told: Told } | { failure: unknown }> {
  try {
    return { told: await run() };
  } catch (failure) {
    return { failure };
  }
}

// A permanent failure moves the message to the dead-letter queue at once: not while the other channel may still come through.
function throwWorst(failures: readonly unknown[]): void {
  const worst = failures.find((failure) => !(failure instanceof PermanentError)) ?? failures[0];
  if (worst !== undefined) throw worst;
}

function silent({ owner }: Route): PermanentError {
  return new PermanentError(
    'misconfigured',
    `Neither Slack nor mail nor a webhook is configured for what ${owner} owns`,
    {
      field: 'notifications',
    },
  );
}
