import { GetAccountCommand, GetEmailIdentityCommand, type SESv2Client } from '@aws-sdk/client-sesv2';

import { awsCall } from './aws-call.ts';
import { ourError } from './aws-error.ts';
import type { MailAccount } from './mail-account.ts';

/** Needs `ses:GetAccount` and `ses:GetEmailIdentity`. */
export function sesAccount(client: SESv2Client): MailAccount {
  return {
    async sending() {
      const answer = await awsCall('GetAccount', () => client.send(new GetAccountCommand({})));
      return {
        enabled: answer.SendingEnabled === true,
        production: answer.ProductionAccessEnabled === true,
        standing: answer.EnforcementStatus ?? 'unknown',
        most: answer.SendQuota?.Max24HourSend ?? 0,
        sent: answer.SendQuota?.SentLast24Hours ?? 0,
      };
    },
    async identity(name) {
      const command = new GetEmailIdentityCommand({ EmailIdentity: name });
      const answer = await awsCall(
        'GetEmailIdentity',
        () => client.send(command),
        (failure) => {
          if (failure.code === 'NotFoundException') return undefined;
          throw ourError(failure);
        },
      );
      return (
        answer && {
          verified: answer.VerifiedForSendingStatus === true,
          dkim: answer.DkimAttributes?.Status ?? 'unknown',
        }
      );
    },
  };
}
