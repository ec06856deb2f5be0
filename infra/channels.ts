import type { Config } from '@keyturn/config/config';

import { allow, localArn, ref, secretArn, sub, type Resources } from './cloud-formation.ts';

/** What the notifier needs for its channels, of which at least one is configured: its own Slack token, its sender's address. */
export function channelPolicy({ notifications: { slack, mail } }: Config): Resources {
  const statements = [
    ...(slack === undefined ? [] : slackStatements(slack.tokenSecret)),
    ...(mail === undefined ? [] : [mailStatement(mail.from)]),
  ];
  return {
    NotifierChannelPolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'channels',
        Roles: [ref('NotifierRole')],
        PolicyDocument: { Version: '2012-10-17', Statement: statements },
      },
    },
  };
}

function slackStatements(tokenSecret: string) {
  const token = secretArn(tokenSecret);
  return [
    allow('ReadSlackToken', 'secretsmanager:GetSecretValue', token),
    allow('UseKeyOfSlackToken', 'kms:Decrypt', sub(localArn('kms', 'key/*')), {
      StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.amazonaws.com') },
      StringLike: { 'kms:EncryptionContext:SecretARN': token },
    }),
  ];
}

// The identity that SES has verified may be the address or its domain.
function mailStatement(from: string) {
  const address = from.replace(/^.*<([^<>]*)>$/, '$1');
  const domain = address.slice(address.indexOf('@') + 1);
  const identities = [address, domain].map((identity) => sub(localArn('ses', `identity/${identity}`)));
  return allow('SendMail', 'ses:SendEmail', identities, { StringEquals: { 'ses:FromAddress': address } });
}
