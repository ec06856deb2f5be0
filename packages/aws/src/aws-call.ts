import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { awsError, ourError, type AwsError } from './aws-error.ts';

/** Runs one call of an SDK client. Its failure goes to `otherwise`, which answers instead or throws an error of ours. */
export async function awsCall<Answer, Instead = never>(
  operation: string,
  call: () => Promise<Answer>,
  otherwise: (failure: AwsError) => Instead | Promise<Instead> = refuse,
): Promise<Answer | Instead> {
  try {
    return await call();
  } catch (error) {
    // Of the way to AWS that the client was given, such as a proxy that refuses.
    if (error instanceof TransientError) throw new TransientError(`${operation}: ${error.message}`);
    if (error instanceof PermanentError)
      throw new PermanentError(error.reason, `${operation}: ${error.message}`, { field: error.field });
    return otherwise(awsError(operation, error));
  }
}

function refuse(failure: AwsError): never {
  throw ourError(failure);
}
