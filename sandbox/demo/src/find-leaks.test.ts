import { secretsManagerModel } from '@keyturn/aws/secrets-manager-model';
import { expect, test } from 'vitest';

import { stringsOf, valuesOf } from './find-leaks.ts';

test('every string of a secret may be the one that nobody may see, however deep', () => {
  expect(stringsOf('{"user":"orders","keys":[{"value":"abc"}],"port":22}')).toEqual(['orders', 'abc']);
});

test('a secret that is no JSON is one as a whole', () => {
  expect(stringsOf('-----BEGIN KEY-----')).toEqual(['-----BEGIN KEY-----']);
});

test('reads the values of all versions, and passes over the one that a rotation announced and never wrote', async () => {
  const secrets = secretsManagerModel({
    clock: { now: () => 1_800_000_000_000, sleep: async () => {} },
    account: '111122223333',
    region: 'eu-west-1',
    onLabel: () => {},
    onRotate: () => {},
    onAbandon: () => {},
    mayInvoke: () => true,
  });
  await secrets.createSecret({ Name: 'orders', SecretString: 'one' });
  await secrets.putSecretValue({ SecretId: 'orders', SecretString: 'two' });
  const RotationLambdaARN = 'arn:aws:lambda:eu-west-1:111122223333:function:rotator';
  await secrets.rotateSecret({ SecretId: 'orders', RotationLambdaARN, RotateImmediately: true });

  expect([...(await valuesOf('orders', secrets))].sort()).toEqual(['one', 'two']);
  await expect(valuesOf('billing', secrets)).rejects.toThrow('find the specified secret');
});
