import type { SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import type { LoopbackAnswer } from './loopback-aws.ts';
import { loopbackClients } from './loopback-clients.ts';
import { exampleMail, testMailer } from './mailer.conformance.ts';
import { sesMailer } from './ses-mailer.ts';

async function setUp({
  answer = { json: { MessageId: '1' } },
  from = 'Keyturn <keyturn@mail.example.com>',
}: { answer?: LoopbackAnswer; from?: string } = {}) {
  const { clients, server } = await loopbackClients(() => answer);
  const requests = () => server.received.map(({ body }) => body as SendEmailCommandInput);
  const header = (name: string) =>
    requests().map(({ Content }) => Content!.Simple!.Headers!.find(({ Name }) => Name === name)?.Value);
  return { mailer: sesMailer({ client: clients.ses(), from }), requests, header };
}

testMailer('sesMailer', async () => {
  const { mailer, requests } = await setUp();
  const delivered = () =>
    requests().map(({ Destination, Content }) => ({
      to: Destination!.ToAddresses!,
      subject: Content!.Simple!.Subject!.Data!,
      text: Content!.Simple!.Body!.Text!.Data!,
      html: Content!.Simple!.Body!.Html!.Data!,
    }));
  return { mailer, delivered };
});

test('threads the mails of one rotation, and no others, and asks nobody to answer', async () => {
  const { mailer, requests, header } = await setUp();

  await mailer.send(exampleMail);
  await mailer.send({ ...exampleMail, subject: 'later' });
  await mailer.send({ ...exampleMail, thread: 'another' });

  const [first, second, third] = header('References');
  expect(first).toMatch(/^<keyturn-[0-9a-f]{32}@mail\.example\.com>$/);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  expect(header('In-Reply-To')).toEqual([first, second, third]);
  expect(new Set(header('Auto-Submitted'))).toEqual(new Set(['auto-generated']));
  expect(requests()[0]).toMatchObject({
    FromEmailAddress: 'Keyturn <keyturn@mail.example.com>',
    Content: { Simple: { Subject: { Charset: 'UTF-8' } } },
  });
});

test('lets no line break into the subject, where it would begin another header', async () => {
  const { mailer, requests } = await setUp();

  await mailer.send({ ...exampleMail, subject: 'orders\r\nBcc: everybody@example.com' });

  expect(requests()[0]!.Content!.Simple!.Subject!.Data).toBe('orders Bcc: everybody@example.com');
});

const failed = (status: number, type: string): LoopbackAnswer => ({
  status,
  json: { message: 'Email address is not verified: payments@example.com' },
  headers: { 'x-amzn-errortype': type },
});

test.each([
  'MessageRejected',
  'BadRequestException',
  'MailFromDomainNotVerifiedException',
  'AccountSuspendedException',
])('a mail that SES refuses is for somebody to look after: %s', async (type) => {
  const { mailer } = await setUp({ answer: failed(400, type) });

  const sending = mailer.send(exampleMail);

  await expect(sending).rejects.toBeInstanceOf(PermanentError);
  await expect(sending).rejects.toMatchObject({ reason: 'provider-refused', field: 'mail' });
  await expect(sending).rejects.not.toThrow(/example\.com/);
});

test.each(['TooManyRequestsException', 'LimitExceededException', 'SendingPausedException'])(
  'a mail that SES does not take now is worth another try: %s',
  async (type) => {
    const { mailer } = await setUp({ answer: failed(400, type) });

    await expect(mailer.send(exampleMail)).rejects.toBeInstanceOf(TransientError);
  },
);
