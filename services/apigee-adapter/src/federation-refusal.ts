import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { jsonOf } from '@keyturn/http/parse-answer';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

const words = {
  invalid_target: 'there is no such pool or provider, or it is disabled or deleted',
  unauthorized_client: "the provider's attribute condition does not allow the role of this function",
  invalid_grant:
    "the request that was signed for AWS is refused. The role's AWS account has to be the provider's, and the clock right",
  invalid_request:
    'the provider cannot map the role. Does google.subject become longer than 127 bytes? (docs/apigee-authentication.md has a mapping that fits)',
};
const body = z.object({ error: z.enum(['invalid_target', 'unauthorized_client', 'invalid_grant', 'invalid_request']) });

/** Why Google's STS gives no token for our role. */
export function stsRefusal(answer: HttpAnswer): PermanentError {
  const { data } = body.safeParse(jsonOf(answer)?.value);
  if (data === undefined) {
    return new PermanentError('provider-answer', `${answer.summary}: no token came back`, { field: 'auth.stsUrl' });
  }
  return new PermanentError('access-denied', `${answer.summary}, ${data.error}: ${words[data.error]}`, {
    field: 'auth.audience',
  });
}

const google = z.object({ error: z.object({ code: z.number() }) });

/** Why our role may not act as the service account. */
export function impersonationRefusal(answer: HttpAnswer, serviceAccount: string): PermanentError {
  if (!google.safeParse(jsonOf(answer)?.value).success) {
    return new PermanentError('provider-answer', `${answer.summary}: no token came back`, {
      field: 'auth.iamCredentialsUrl',
    });
  }
  const problem =
    answer.status === 404
      ? 'there is no such service account'
      : 'the role may not act as it. It needs roles/iam.workloadIdentityUser on the account, and the project the IAM Service Account Credentials API';
  return new PermanentError('access-denied', `${answer.summary}, ${serviceAccount}: ${problem}`, {
    field: 'auth.serviceAccount',
  });
}
