import type { Config } from '@keyturn/config/config';
import { functionNames } from '@keyturn/config/names';

import { allow, localArn, readSecrets, ref, sub, type Resources } from './cloud-formation.ts';
import { placementStatements, proxyStatements } from './network.ts';

/** What the notifier needs for its channels, of which at least one is configured: their secrets, its sender's address, and the way to them. */
export function channelPolicy({ stage, notifications: { slack, mail, webhooks, network } }: Config): Resources {
  const secrets = [slack?.tokenSecret, slack?.webhookSecret, ...Object.values(webhooks).map(({ secret }) => secret)];
  const statements = [
    ...readSecrets('ChannelSecrets', [...new Set(secrets.filter((secret) => secret !== undefined))]),
    ...(mail === undefined ? [] : [mailStatement(mail.from)]),
    ...proxyStatements(network),
    ...placementStatements(network, functionNames(stage).notifier),
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

// The identity that SES has verified may be the address or its domain.
function mailStatement(from: string) {
  const address = from.replace(/^.*<([^<>]*)>$/, '$1');
  const domain = address.slice(address.indexOf('@') + 1);
  const identities = [address, domain].map((identity) => sub(localArn('ses', `identity/${identity}`)));
  return allow('SendMail', 'ses:SendEmail', identities, { StringEquals: { 'ses:FromAddress': address } });
}
