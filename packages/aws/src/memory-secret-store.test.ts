import { expect, test } from 'vitest';

import { memorySecretStore } from './memory-secret-store.ts';
import { testSecretStore } from './secret-store.conformance.ts';

const clock = { now: () => 1_800_000_000_000, sleep: async () => {} };
const lambdaArn = 'arn:aws:lambda:eu-west-1:111122223333:function:keyturn-test-rotation-handler';

testSecretStore('memorySecretStore', () => ({ calls: memorySecretStore({ clock }).calls, lambdaArn }));

test('the store and what happens behind its back are about the same secrets', async () => {
  const store = memorySecretStore({ clock, account: '444455556666', region: 'us-east-1' });

  await store.calls.createSecret({ Name: 'orders', SecretString: '{}' });

  const { arn } = await store.describe('orders');
  expect(arn).toMatch(/^arn:aws:secretsmanager:us-east-1:444455556666:secret:orders-\w{6}$/);
});
