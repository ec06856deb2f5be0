import type { Config } from '@keyturn/config/config';

import { allow, localArn, ref, secretArn, sub, type Resources, type Value } from './cloud-formation.ts';

/** What the notifier needs for its channels, of which at least one is configured: their secrets, its sender's address. */
export function channelPolicy({ notifications: { slack, mail, webhooks } }: Config): Resources {
  const secrets = [slack?.tokenSecret, slack?.webhookSecret, ...Object.values(webhooks).map(({ secret }) => secret)];
  const named = [...new Set(secrets.filter((secret) => secret !== undefined))];
  const statements = [
    ...(named.length === 0 ? [] : secretStatements(named.map(secretArn))),
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

function secretStatements(secrets: readonly Value[]) {
  return [
    allow('ReadChannelSecrets', 'secretsmanager:GetSecretValue', secrets),
    allow('UseKeysOfChannelSecrets', 'kms:Decrypt', sub(localArn('kms', 'key/*')), {
      StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.amazonaws.com') },
      StringLike: { 'kms:EncryptionContext:SecretARN': secrets },
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
