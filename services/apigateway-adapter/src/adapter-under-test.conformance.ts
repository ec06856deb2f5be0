import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished } from 'vitest';

import { simulatedApiGateway, target, type SimulatedApiGateway } from './simulated-api-gateway.conformance.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';

/** For tests: the mark of one secret's nth version. */
export const markOfVersion = (version: number): string =>
  formatMark(markOf(arn, `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`, 'test'));

/** For tests: an adapter that lives as long as the test. */
export async function adapter(options?: Parameters<typeof simulatedApiGateway>[0]): Promise<SimulatedApiGateway> {
  const simulated = await simulatedApiGateway(options);
  onTestFinished(() => simulated.close());
  return simulated;
}

export const usual = { target, entitlements: [], approve: false, mark: markOfVersion(2), like: undefined };

/** For tests: the error of a call that has to fail for good. */
export async function refusal(call: Promise<unknown>): Promise<PermanentError> {
  const error: unknown = await call.then(
    () => expect.fail('The call should have failed'),
    (reason: unknown) => reason,
  );
  if (error instanceof PermanentError) return error;
  throw new Error('The call should have failed for good', { cause: error });
}
