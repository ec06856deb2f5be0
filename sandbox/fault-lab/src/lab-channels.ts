import type { Mailer } from '@keyturn/aws/mailer';
import { memoryMailer } from '@keyturn/aws/memory-mailer';
import type { SecretReader } from '@keyturn/aws/secret-store';
import type { Config } from '@keyturn/config/config';
import type { HttpRequest, RawAnswer, Respond } from '@keyturn/http/http-exchange';
import { httpFetch } from '@keyturn/http/http-fetch';
import { webhook } from '@keyturn/notifier/send-webhook';
import { slackChannel } from '@keyturn/notifier/slack-channel';
import type { Deps } from '@keyturn/notifier/tell-story';
import type { Clock } from '@keyturn/rotation/clock';
import * as z from 'zod';

import type { Reach } from './lab-provider.ts';

/** Something that an owner was shown, at that time. */
export type Shown = {
  readonly by: 'slack' | 'mail' | 'webhook';
  readonly time: number;
  readonly correlationId: string;
  /** The event it tells of, or the state of the story; a mail says neither. */
  readonly fact: string | undefined;
  /** Everything of it, as it was sent. */
  readonly text: string;
  /** A message that was there already was changed. */
  readonly edit: boolean;
  /** To which message it answers; the name of a delivery. */
  readonly about: string | undefined;
};

export type LabChannels = {
  readonly channels: Pick<Deps, 'slack' | 'slackWebhook' | 'mailer' | 'webhooks'>;
  /** The oldest first. */
  readonly shown: readonly Shown[];
  /** Every URL that was called. */
  readonly urls: readonly string[];
};

type Options = {
  readonly config: Config;
  readonly secrets: Pick<SecretReader, 'value'>;
  readonly clock: Clock;
  readonly reach: Reach;
};

/** Slack, a mail server and somebody's webhook, and the notifier's own ways to them: only the network is not real. */
export function labChannels({ config, secrets, clock, reach }: Options): LabChannels {
  const shown: Shown[] = [];
  const urls: string[] = [];
  const show = (what: Omit<Shown, 'time'>) => void shown.push({ ...what, time: clock.now() });
  const respond: Respond = (request, url) => {
    urls.push(url.href);
    return url.host === 'slack.com' ? slack(request) : deliver(request);
  };

  const slack = (request: HttpRequest): Promise<RawAnswer> =>
    reach(`slack ${request.path.endsWith('chat.update') ? 'update' : 'post'}`, () => {
      const form = formOf(request);
      const edit = form['ts'] !== undefined;
      const ts = form['ts'] ?? `1700000000.${String(shown.length + 1).padStart(6, '0')}`;
      const { correlationId = '', fact } = payloadOf(form['metadata']);
      show({ by: 'slack', correlationId, fact, text: JSON.stringify(form), edit, about: form['thread_ts'] });
      return json({ ok: true, ts, channel: form['channel'] });
    });

  const deliver = (request: HttpRequest): Promise<RawAnswer> =>
    reach('webhook send', () => {
      const body = bodyOf(request);
      const { correlationId, type, deliveryId } = body;
      const text = JSON.stringify([body, request.headers]);
      show({ by: 'webhook', correlationId, fact: type, text, edit: false, about: deliveryId });
      return json({});
    });

  const mailbox = memoryMailer();
  const mailer: Mailer = {
    send: (mail) =>
      reach('mail send', async () => {
        await mailbox.send(mail);
        const text = JSON.stringify(mailbox.sent.at(-1));
        show({ by: 'mail', correlationId: mail.thread, fact: undefined, text, edit: false, about: undefined });
      }),
  };
  const { slack: slackConfig, webhooks } = config.notifications;
  const http = { clock, random: () => 0, allowHttp: [], respond };
  return {
    channels: {
      slack:
        slackConfig?.tokenSecret === undefined
          ? undefined
          : slackChannel({
              secrets,
              tokenSecret: slackConfig.tokenSecret,
              apiUrl: slackConfig.apiUrl,
              fetch: httpFetch('call Slack', http),
            }),
      slackWebhook: undefined,
      mailer,
      webhooks: new Map(
        Object.entries(webhooks).map(([id, config]) => [id, webhook({ id, config, secrets, http })] as const),
      ),
    },
    shown,
    urls,
  };
}

function json(body: unknown): RawAnswer {
  return { status: 200, headers: { 'content-type': 'application/json' }, text: JSON.stringify(body) };
}

function formOf({ body }: HttpRequest): Readonly<Record<string, string>> {
  return body !== undefined && 'form' in body ? body.form : {};
}

const payload = z.object({ event_payload: z.object({ correlationId: z.string(), fact: z.string() }) });
const delivery = z.looseObject({ correlationId: z.string(), type: z.string(), deliveryId: z.string() });

function payloadOf(metadata: string | undefined): { correlationId?: string; fact?: string } {
  return metadata === undefined ? {} : payload.parse(JSON.parse(metadata)).event_payload;
}

function bodyOf({ body }: HttpRequest) {
  return delivery.parse(body !== undefined && 'json' in body ? body.json : undefined);
}
