import { leakSearch } from '@keyturn/aws/leak-search';

import type { Sandbox } from './sandbox.ts';

/** The places, readable by others than the applications, in which a value stands that only the applications and the adapter should know. */
export async function findLeaks({ aws, apigee, slack, secretName }: Sandbox): Promise<readonly string[]> {
  const { Versions = [] } = await aws.secrets.listSecretVersionIds({ SecretId: secretName, IncludeDeprecated: true });
  const texts = await Promise.all(
    Versions.map(({ VersionId }) => aws.secrets.getSecretValue({ SecretId: secretName, VersionId })),
  );
  const values = [
    ...texts.flatMap(({ SecretString = '' }) =>
      [...SecretString.matchAll(/:"([^"]+)"/g)].map(([, value = '']) => value),
    ),
    slack.token,
    apigee.serviceAccount.private_key.slice(64, 128),
  ];
  const search = leakSearch();
  for (const value of values) search.add('value', value);
  const places = {
    events: aws.events,
    mails: aws.mailbox.mails,
    'Slack messages': await slack.messages(),
    queues: aws.queues.list().map(({ messages }) => messages),
    tags: await aws.secrets.describeSecret({ SecretId: secretName }),
  };
  return Object.entries(places).flatMap(([place, content]) =>
    search.find(JSON.stringify(content)) === undefined ? [] : [place],
  );
}
