import { expect, test } from 'vitest';

import { awsCall } from './aws-call.ts';
import { AwsError } from './aws-error.ts';
import { renderings } from './renderings.ts';

test('answers what the call answers', async () => {
  expect(await awsCall('GetItem', async () => 'item')).toBe('item');
});

test('answers what is said instead of a failure', async () => {
  const missing = Object.assign(new Error('no'), { name: 'ParameterNotFound', $metadata: { httpStatusCode: 400 } });

  const answer = await awsCall(
    'GetParameter',
    () => Promise.reject(missing),
    (failure) => `instead of ${failure.code}, ${failure.status}`,
  );

  expect(answer).toBe('instead of ParameterNotFound, 400');
});

test.each([new TypeError('Received canary'), new Error('canary'), 'canary', undefined, null])(
  'a bug stays a bug, which is neither transient nor permanent, and loses what it quotes',
  async (bug) => {
    const outcome = await awsCall('GetItem', () => Promise.reject(bug)).catch((error: unknown) => error);

    expect(outcome).toBeInstanceOf(AwsError);
    expect(String(outcome)).toBe(`AwsError: GetItem: ${bug instanceof TypeError ? 'TypeError' : 'Error'}`);
    expect(renderings(outcome)).not.toContain('canary');
  },
);
