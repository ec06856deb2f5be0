import * as z from 'zod';
import type { AccessTokens } from './access-tokens.ts';
import { type Answer, type Incoming, jsonAnswer } from './loopback-server.ts';

type Account = { email: string; mayBeImpersonated: () => boolean };

const Asked = z.strictObject({ scope: z.array(z.string()).min(1), lifetime: z.literal('3600s') });

/** Google's IAM credentials: a federated token for a token of the service account. */
export function iamCredentials(
  account: Account,
  { federated, tokens }: { federated: AccessTokens; tokens: AccessTokens },
  now: () => number,
): (incoming: Incoming) => Answer {
  return ({ path, headers, body }) => {
    const [, token = ''] = /^Bearer (\S+)$/u.exec(headers.authorization ?? '') ?? [];
    if (federated.accessOf(token) !== 'full') {
      return refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    }
    const [, email = ''] = /^\/v1\/projects\/-\/serviceAccounts\/([\w.%@-]+):generateAccessToken$/u.exec(path) ?? [];
    if (email.replace('%40', '@') !== account.email || !account.mayBeImpersonated()) {
      const message = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";
      return refusal(403, 'PERMISSION_DENIED', message);
    }
    const asked = askedFor(body);
    if (asked === undefined) {
      return refusal(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.');
    }
    const issued = tokens.issue(asked.scope);
    const expireTime = new Date(now() + issued.expiresIn * 1000).toISOString().replace(/\.\d+Z$/u, 'Z');
    return jsonAnswer(200, { accessToken: issued.token, expireTime });
  };
}

function askedFor(body: string): z.infer<typeof Asked> | undefined {
  try {
    return Asked.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

const refusal = (code: number, status: string, message: string): Answer =>
  jsonAnswer(code, { error: { code, message, status } });
