import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import { LogLevel, WebAPIPlatformError, WebClient, type Logger } from '@slack/web-api';

export type SlackIdentity = { readonly name: string; readonly team: string; readonly scopes: readonly string[] };

/** What Slack says of a bot token. Throws TransientError (no answer) or PermanentError('provider-refused') with Slack's code in the message. */
export type SlackBot = {
  /** auth.test, which every token may call. */
  identify(token: Hidden): Promise<SlackIdentity>;
  /** conversations.info: whether the bot is in the channel. Needs channels:read, which Keyturn's own app does not have. */
  isMember(token: Hidden, channel: string): Promise<boolean>;
};

/** For one request, in milliseconds. */
const timeoutMs = 5000;

export function slackBot(apiUrl: string): SlackBot {
  const client = (token: Hidden) =>
    new WebClient(token.reveal(), {
      slackApiUrl: apiUrl,
      timeout: timeoutMs,
      retryConfig: { retries: 1 },
      rejectRateLimitedCalls: true,
      logger: silent,
    });
  return {
    async identify(token) {
      const { user = '', team = '', response_metadata: more } = await asked(() => client(token).auth.test());
      return { name: user, team, scopes: more?.scopes ?? [] };
    },
    async isMember(token, channel) {
      const answer = await asked(() => client(token).conversations.info({ channel }));
      return answer.channel?.is_member === true;
    },
  };
}

// Standard output is the answer's.
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

async function asked<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    // No cause: it holds what the other side answered.
    const code = error instanceof WebAPIPlatformError ? error.data.error : undefined;
    if (typeof code !== 'string' || !/^[a-z][a-z_]{1,60}$/.test(code)) throw new TransientError('Slack gave no answer');
    throw new PermanentError('provider-refused', `Slack answered ${code}`, {
      field: 'notifications.slack.tokenSecret',
    });
  }
}
