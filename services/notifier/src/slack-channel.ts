import { PermanentError } from '@keyturn/rotation/errors';
import { LogLevel, WebClient, type FetchFunction, type Logger } from '@slack/web-api';

import { channelSecret, type ChannelSecrets } from './channel-secret.ts';
import { isGone, isStaleToken, slackError, tokenField } from './slack-error.ts';

type Markup = { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true };
export type SlackBlock =
  | { type: 'section'; text: Markup }
  | { type: 'section'; fields: Markup[] }
  | { type: 'context'; elements: Markup[] };

export type SlackMessage = {
  /** In place of the blocks, wherever they cannot be shown. */
  readonly text: string;
  readonly blocks: SlackBlock[];
  readonly metadata: { event_type: string; event_payload: Record<string, string | boolean> };
};

/** The id of a channel, and the field of the configuration that it came from. */
export type SlackPlace = { readonly channel: string; readonly route: string };

/**
 * Messages of ours in a channel. TransientError: Slack is busy (`retryAfterMs` where it says for how long) or gives no usable answer, and a
 * message may have been posted all the same. PermanentError('provider-refused'): `field` names the route or the token's secret.
 */
export type SlackChannel = {
  /** Answers the `ts` that names the message in its channel. `replyTo` is the `ts` of the thread's head; `broadcast` shows the reply in the channel too. */
  post(
    place: SlackPlace,
    message: SlackMessage,
    reply?: { replyTo: string; broadcast: boolean },
  ): Promise<{ ts: string }>;
  /** `gone`: there is no such message any more, or the workspace forbids to edit it by now. */
  update(place: SlackPlace, ts: string, message: SlackMessage): Promise<'updated' | 'gone'>;
};

type Options = {
  readonly secrets: ChannelSecrets;
  /** Name or ARN of the secret whose text is the bot token. */
  readonly tokenSecret: string;
  readonly apiUrl: string;
  /** The way to Slack. It throws errors of ours. */
  readonly fetch: FetchFunction;
  /** For one request, in milliseconds. */
  readonly timeoutMs?: number;
};

export function slackChannel(options: Options): SlackChannel {
  let connected: Connection | undefined;

  // A token that was replaced is read again, once. A refused request has posted nothing: it may be repeated.
  async function call<Answer>(place: SlackPlace, request: (client: WebClient) => Promise<Answer>): Promise<Answer> {
    connected ??= await connect(options);
    const before = connected;
    try {
      return await request(before.client);
    } catch (error) {
      const fresh = isStaleToken(error) ? await connect(options) : before;
      if (fresh.token === before.token) throw slackError(error, place.route);
      connected = fresh;
    }
    try {
      return await request(connected.client);
    } catch (error) {
      throw slackError(error, place.route);
    }
  }

  return {
    async post(place, { text, blocks, metadata }, reply) {
      const { channel } = place;
      const content = { channel, text, blocks, metadata, unfurl_links: false, unfurl_media: false, link_names: false };
      const posted = await call(place, (client) =>
        client.chat.postMessage(
          reply === undefined ? content : { ...content, thread_ts: reply.replyTo, reply_broadcast: reply.broadcast },
        ),
      );
      if (posted.ts === undefined)
        throw new PermanentError('provider-answer', 'Slack named no message', { field: place.route });
      return { ts: posted.ts };
    },

    update(place, ts, { text, blocks, metadata }) {
      return call(place, async (client) => {
        try {
          await client.chat.update({ channel: place.channel, ts, text, blocks, metadata, link_names: false });
          return 'updated';
        } catch (error) {
          if (isGone(error)) return 'gone';
          throw error;
        }
      });
    },
  };
}

type Connection = { readonly token: string; readonly client: WebClient };

async function connect({ secrets, tokenSecret, apiUrl, fetch, timeoutMs = 5000 }: Options): Promise<Connection> {
  const token = (await channelSecret(secrets, tokenSecret, tokenField)).reveal();
  const client = new WebClient(token, {
    slackApiUrl: apiUrl,
    fetch,
    timeout: timeoutMs,
    // The queue retries, for hours and without a function that waits: the client's own default is half an hour.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silent,
  });
  return { token, client };
}

// What goes wrong is thrown, and logged in one place.
const nothing = () => {};
const silent = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => LogLevel.ERROR,
  setName: nothing,
} satisfies Logger;
