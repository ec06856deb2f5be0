import { leakSearch } from '@keyturn/aws/leak-search';
import type { SecretsManagerCalls } from '@keyturn/aws/secrets-manager-calls';

import type { Sandbox } from './sandbox.ts';

/** The places, readable by others than the applications, in which a value stands that only the applications and the adapter should know. */
export async function findLeaks({ aws, provider, slack, secretName }: Sandbox): Promise<readonly string[]> {
  const secretsIn = provider.secretsIn?.bind(provider) ?? stringsOf;
  const values = (await valuesOf(secretName, aws.secrets)).flatMap((text) => secretsIn(text));
  const search = leakSearch();
  for (const value of [...values, slack.token, ...provider.canaries]) search.add('value', value);
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

/** Of every version. One that a rotation announced, and that it did not get to write, has none. */
export async function valuesOf(
  secretName: string,
  secrets: Pick<SecretsManagerCalls, 'listSecretVersionIds' | 'getSecretValue'>,
): Promise<readonly string[]> {
  const { Versions = [] } = await secrets.listSecretVersionIds({ SecretId: secretName, IncludeDeprecated: true });
  const texts = Versions.map(async ({ VersionId }) => {
    try {
      return (await secrets.getSecretValue({ SecretId: secretName, VersionId })).SecretString ?? '';
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return [];
      throw error;
    }
  });
  return (await Promise.all(texts)).flat();
}

/** Every string of a JSON text, and all of another one. */
export function stringsOf(text: string): readonly string[] {
  const strings: string[] = [];
  try {
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === 'string') strings.push(value);
      return value;
    });
  } catch {
    return [text];
  }
  return strings;
}
