import type { SlackChannel, SlackMessage, SlackPlace } from './slack-channel.ts';

type Posted = SlackPlace & {
  readonly ts: string;
  message: SlackMessage;
  readonly replyTo: string | undefined;
  readonly broadcast: boolean;
  updates: number;
};

/** A workspace to look at. `failNext` makes the next call fail before it does anything. */
export function memorySlackChannel(): SlackChannel & { readonly posted: Posted[]; failNext(error: Error): void } {
  const posted: Posted[] = [];
  const failures: Error[] = [];

  async function fail() {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
  }

  return {
    posted,
    failNext(error) {
      failures.push(error);
    },
    async post(place, message, reply) {
      await fail();
      const ts = `1700000000.${String(posted.length + 1).padStart(6, '0')}`;
      posted.push({ ...place, ts, message, replyTo: reply?.replyTo, broadcast: reply?.broadcast ?? false, updates: 0 });
      return { ts };
    },
    async update({ channel }, ts, message) {
      await fail();
      const existing = posted.find((one) => one.channel === channel && one.ts === ts);
      if (existing === undefined) return 'gone';
      existing.message = message;
      existing.updates += 1;
      return 'updated';
    },
  };
}
