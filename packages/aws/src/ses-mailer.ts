import { SendEmailCommand, type SESv2Client } from '@aws-sdk/client-sesv2';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { awsCall } from './aws-call.ts';
import { ourError, type AwsError } from './aws-error.ts';
import { mailHeaders } from './mail-headers.ts';
import type { Mailer } from './mailer.ts';

/** `from` as SES takes it: an address, or `Name <address>`. Errors hold neither an address nor a word of the mail. */
export function sesMailer({ client, from }: { readonly client: SESv2Client; readonly from: string }): Mailer {
  return {
    async send({ to, subject, text, html, thread }) {
      const command = new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [...to] },
        Content: {
          Simple: {
            // A line break would begin another header.
            Subject: utf8(subject.replaceAll(/\p{Cc}+/gu, ' ')),
            Body: { Text: utf8(text), Html: utf8(html) },
            Headers: [...mailHeaders(thread, from)],
          },
        },
      });
      await awsCall('SendEmail', () => client.send(command), refuse);
    },
  };
}

const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' });

const refusals = new Set([
  'MessageRejected',
  'BadRequestException',
  'MailFromDomainNotVerifiedException',
  'NotFoundException',
  'AccountSuspendedException',
]);

function refuse(failure: AwsError): never {
  const { code, message } = failure;
  if (refusals.has(code)) throw new PermanentError('provider-refused', message, { cause: failure, field: 'mail' });
  // Of SES, or of what a proxy puts in its place.
  if (/CERT|SIGNATURE$|ALTNAME/.test(code)) {
    const said = `${message}: the certificate is not trusted`;
    throw new PermanentError('misconfigured', said, { cause: failure, field: 'notifications.network.caBundle' });
  }
  // The sending quota of the day, or a pause that somebody ordered.
  if (/^(LimitExceeded|SendingPaused)/.test(code)) throw new TransientError(message, { cause: failure });
  throw ourError(failure, 'mail');
}
