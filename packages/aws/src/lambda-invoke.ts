import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { awsCall } from './aws-call.ts';
import { ourError, type AwsError } from './aws-error.ts';
import type { Invoke } from './invoke.ts';

/**
 * Needs a client with one attempt that waits as long as an adapter may take (`awsClients().lambda()`). No error holds the payload or the
 * answer, nor the answer of a function that failed: it may quote either.
 */
export function lambdaInvoke(client: LambdaClient): Invoke {
  return async (functionName, payload) => {
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'RequestResponse',
      // The tail of the function's log would come back with the answer otherwise.
      LogType: 'None',
      Payload: Buffer.from(JSON.stringify(payload)),
    });
    const answer = await awsCall(
      'Invoke',
      () => client.send(command),
      (failure) => refuse(failure, functionName),
    );
    if (answer.FunctionError !== undefined) throw new TransientError(`The function ${functionName} failed`);
    const text = answer.Payload?.transformToString() ?? '';
    return text === '' ? undefined : parseAnswer(text, functionName);
  };
}

/** Lambda's own troubles with starting a function, which pass. */
const passing = /^(EC2|ENI|EFS|SnapStart|ResourceNotReady|ResourceConflict|SubnetIPAddressLimit)/;

function refuse(failure: AwsError, functionName: string): never {
  if (failure.code === 'ResourceNotFoundException') {
    throw new PermanentError('misconfigured', `There is no function ${functionName}`, {
      field: 'functionName',
      cause: failure,
    });
  }
  if (passing.test(failure.code)) throw new TransientError(failure.message, { cause: failure });
  throw ourError(failure, 'functionName');
}

function parseAnswer(text: string, functionName: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TransientError(`The function ${functionName} answered something that is not JSON`);
  }
}
