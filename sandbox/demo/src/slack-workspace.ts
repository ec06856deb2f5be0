import { once } from 'node:events';
import { createServer } from 'node:net';

import { WebClient } from '@slack/web-api';
import { createEmulator } from 'emulate';
import * as z from 'zod';

export type SlackMessage = {
  readonly ts: string;
  readonly text: string;
  /** The head of the thread it stands in; undefined: it is the head itself. */
  readonly head: string | undefined;
  /** It was posted as an alert. */
  readonly alert: boolean;
};

export type SlackWorkspace = {
  readonly apiUrl: string;
  readonly token: string;
  /** Id of the channel that Keyturn posts to. */
  readonly channel: string;
  /** Every message of the channel, replies included, oldest first. */
  messages(): Promise<readonly SlackMessage[]>;
  close(): Promise<void>;
};

const message = z.object({
  ts: z.string(),
  text: z.string().default(''),
  thread_ts: z.string().optional(),
  metadata: z.object({ event_payload: z.object({ alert: z.boolean().default(false) }) }).optional(),
});
const listing = z.object({ messages: z.array(message) });

/** Slack on loopback, with one channel. */
export async function slackWorkspace(): Promise<SlackWorkspace> {
  const token = 'xoxb-sandbox-token';
  const emulator = await createEmulator({
    service: 'slack',
    port: await freePort(),
    seed: { slack: { channels: [{ name: 'api-keys' }] } },
  });
  const apiUrl = `${emulator.url.replace('localhost', '127.0.0.1')}/api/`;
  const client = new WebClient(token, { slackApiUrl: apiUrl });
  const { channels = [] } = await client.conversations.list();
  const channel = channels.find(({ name }) => name === 'api-keys')?.id ?? '';

  const repliesTo = async (ts: string) => {
    const { messages } = listing.parse(await client.conversations.replies({ channel, ts, limit: 1000 }));
    return messages.map(({ ts, text, thread_ts: thread, metadata }) => ({
      ts,
      text,
      head: thread === undefined || thread === ts ? undefined : thread,
      alert: metadata?.event_payload.alert ?? false,
    }));
  };
  return {
    apiUrl,
    token,
    channel,
    async messages() {
      const { messages } = listing.parse(
        await client.conversations.history({ channel, limit: 1000, include_all_metadata: true }),
      );
      const heads = messages.filter(({ ts, thread_ts: thread }) => thread === undefined || thread === ts);
      const threads = await Promise.all(heads.map(({ ts }) => repliesTo(ts)));
      const unique = new Map(threads.flat().map((each) => [each.ts, each]));
      return [...unique.values()].sort((a, b) => Number(a.ts) - Number(b.ts));
    },
    close: () => emulator.close(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}
