import type { Clock } from '@keyturn/rotation/clock';
import * as z from 'zod';

import { parseInput } from './operation.ts';
import { json, route, type Route } from './rest.ts';
import { parseJson } from './server.ts';
import { ServiceError } from './service-error.ts';

export type ReceivedMail = {
  readonly messageId: string;
  readonly sentAt: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: readonly string[];
  readonly subject: string;
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
};

export type Mailbox = {
  readonly mails: readonly ReceivedMail[];
  /** From now on SES refuses mail from or to this address, as it does for a sender that is not verified. */
  refuse(address: string): void;
};

const address = z.string().regex(/^[^\s<>@]+@[^\s<>@]+$|^[^<>]*<[^\s<>@]+@[^\s<>@]+>$/);
const addresses = z.array(address).max(50).default([]);
const content = z.object({ Data: z.string() });

const sendEmail = z.object({
  FromEmailAddress: address,
  ReplyToAddresses: addresses,
  Destination: z.object({ ToAddresses: addresses, CcAddresses: addresses, BccAddresses: addresses }),
  Content: z.object({
    Simple: z.object({
      Subject: content,
      Body: z
        .object({ Text: content.optional(), Html: content.optional() })
        .refine(({ Text, Html }) => Text !== undefined || Html !== undefined, 'Text or Html is required'),
      Headers: z
        .array(z.object({ Name: z.string().min(1).max(126), Value: z.string().min(1).max(870) }))
        .max(15)
        .default([]),
    }),
  }),
});

/** SESv2's SendEmail into a mailbox that everybody may read: `GET /_local/mails`. */
export function ses(clock: Clock): { routes: readonly Route[]; mailbox: Mailbox } {
  const mails: ReceivedMail[] = [];
  const refused = new Set<string>();
  const plain = (text: string) => text.replace(/^.*<(.+)>$/, '$1').toLowerCase();

  const send = (input: z.output<typeof sendEmail>) => {
    const { ToAddresses: to, CcAddresses: cc, BccAddresses: bcc } = input.Destination;
    if (to.length + cc.length + bcc.length === 0) throw bad('Missing final recipients.');
    for (const each of [input.FromEmailAddress, ...to, ...cc, ...bcc]) {
      if (refused.has(plain(each))) {
        throw new ServiceError('MessageRejected', 'Email address is not verified.');
      }
    }
    const { Subject, Body, Headers } = input.Content.Simple;
    const messageId = `local-${crypto.randomUUID()}`;
    mails.push({
      messageId,
      sentAt: new Date(clock.now()).toISOString(),
      from: input.FromEmailAddress,
      to,
      cc,
      bcc,
      replyTo: input.ReplyToAddresses,
      subject: Subject.Data,
      text: Body.Text?.Data,
      html: Body.Html?.Data,
      headers: Object.fromEntries(Headers.map(({ Name, Value }) => [Name, Value])),
    });
    return { MessageId: messageId };
  };

  const routes = [
    route('POST /v2/email/outbound-emails', ({ body }) => json(200, send(parseMail(body)))),
    // Whatever sends is verified here, and nobody is in a sandbox.
    route('GET /v2/email/account', () =>
      json(200, {
        SendingEnabled: true,
        ProductionAccessEnabled: true,
        EnforcementStatus: 'HEALTHY',
        SendQuota: { Max24HourSend: 50_000, SentLast24Hours: mails.length },
      }),
    ),
    route('GET /v2/email/identities/{identity}', ({ params }) =>
      json(200, {
        VerifiedForSendingStatus: !refused.has(plain(params['identity'] ?? '')),
        DkimAttributes: { SigningEnabled: true, Status: 'SUCCESS' },
      }),
    ),
    route('GET /_local/mails', () => json(200, mails)),
  ];
  return { routes, mailbox: { mails, refuse: (refusedAddress) => void refused.add(plain(refusedAddress)) } };
}

const bad = (message: string) => new ServiceError('BadRequestException', message);

function parseMail(body: Buffer): z.output<typeof sendEmail> {
  try {
    return parseInput(sendEmail, parseJson(body));
  } catch (error) {
    throw error instanceof ServiceError ? bad(error.message) : error;
  }
}
