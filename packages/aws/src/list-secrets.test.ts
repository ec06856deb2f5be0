import { expect, test } from 'vitest';

import { listSecrets } from './list-secrets.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';

const tagged = (name: string, key = 'keyturn:provider', more: object = {}) => ({
  ARN: `arn:${name}`,
  Name: name,
  Tags: [{ Key: key, Value: 'apigee' }],
  ...more,
});

async function listed(pages: readonly (readonly object[])[], filter?: { tagKey: string }) {
  const asked: unknown[] = [];
  const calls: Pick<SecretsManagerCalls, 'listSecrets'> = {
    async listSecrets(request) {
      asked.push(request);
      const page = Number(request.NextToken ?? 0);
      return {
        SecretList: [...(pages[page] ?? [])],
        NextToken: page + 1 < pages.length ? String(page + 1) : undefined,
      };
    },
  };
  const secrets = [];
  for await (const secret of listSecrets(calls, filter)) secrets.push(secret);
  return { secrets, asked };
}

test('yields the secrets of every page, those that wait for their deletion too', async () => {
  const DeletedDate = new Date(1000);

  const { secrets, asked } = await listed([
    [tagged('a')],
    [tagged('b', 'other', { DeletedDate, RotationLambdaARN: 'f' })],
  ]);

  expect(secrets).toEqual([
    {
      arn: 'arn:a',
      name: 'a',
      tags: { 'keyturn:provider': 'apigee' },
      deletedAt: undefined,
      lambdaArn: undefined,
      isReplica: false,
    },
    { arn: 'arn:b', name: 'b', tags: { other: 'apigee' }, deletedAt: 1000, lambdaArn: 'f', isReplica: false },
  ]);
  expect(asked).toMatchObject([{ IncludePlannedDeletion: true }, { IncludePlannedDeletion: true, NextToken: '1' }]);
  expect(asked[0]).not.toHaveProperty('Filters');
});

test('with a tag yields those that bear this very tag: AWS finds all that begin so', async () => {
  const { secrets, asked } = await listed([[tagged('a'), tagged('b', 'keyturn:provider-x')]], {
    tagKey: 'keyturn:provider',
  });

  expect(secrets.map(({ name }) => name)).toEqual(['a']);
  expect(asked).toMatchObject([{ Filters: [{ Key: 'tag-key', Values: ['keyturn:provider'] }] }]);
});

test('tells the copy of a secret in another Region from the secret itself', async () => {
  const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders/apigee-AbCdEf';

  const { secrets } = await listed([
    [
      tagged('copy', 'keyturn:provider', { ARN, PrimaryRegion: 'eu-central-1' }),
      tagged('primary', 'keyturn:provider', { ARN, PrimaryRegion: 'eu-west-1' }),
      tagged('alone', 'keyturn:provider', { ARN }),
    ],
  ]);

  expect(secrets.map(({ isReplica }) => isReplica)).toEqual([true, false, false]);
});
