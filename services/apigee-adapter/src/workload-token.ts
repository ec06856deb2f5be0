import type { AwsIdentity } from '@keyturn/aws/aws-identity';
import type { ApigeeAuth } from '@keyturn/config/apigee-config';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import { AwsRequestSigner } from 'google-auth-library';
import * as z from 'zod';

import type { Authorize } from './authorize.ts';
import { impersonationRefusal, stsRefusal } from './federation-refusal.ts';
import { keepToken, type Granted } from './keep-token.ts';

type Options = {
  readonly auth: Omit<Extract<ApigeeAuth, { readonly as: 'workloadIdentity' }>, 'retireServiceAccount'>;
  /** Who this function is to AWS. */
  readonly identity: () => Promise<AwsIdentity>;
  readonly http: HttpOptions;
};

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const subjectTokenType = 'urn:ietf:params:aws:token-type:aws4_request';
const printable = z.string().regex(/^[\x21-\x7e]+$/);
const federated = z.object({ access_token: printable, expires_in: z.number().positive() });
const impersonated = z.object({ accessToken: printable, expireTime: z.iso.datetime({ offset: true }) });

/**
 * Tokens for the role that this function has at AWS, without any secret: Google's STS takes a request to AWS that says who we are, signed and not sent, for
 * a token of its own; where a service account is to be impersonated, that one's token is asked for with it.
 */
export function workloadToken(options: Options): Authorize {
  return keepToken(async () => {
    const token = await exchange(await signedRequest(options), options);
    const { serviceAccount } = options.auth;
    return serviceAccount === undefined ? token : impersonate(serviceAccount, token.authorization, options);
  }, options.http.clock);
}

/**
 * A GetCallerIdentity, signed for this provider of the pool and no other. google-auth-library signs and no more: the client that it has for the whole opens
 * connections of its own, and leaves the provider out of what it signs.
 */
async function signedRequest({ auth, identity }: Options): Promise<string> {
  const { region, accessKeyId, secretAccessKey, sessionToken } = await identity();
  const signer = new AwsRequestSigner(
    () =>
      Promise.resolve({
        accessKeyId,
        secretAccessKey: secretAccessKey.reveal(),
        ...(sessionToken !== undefined && { token: sessionToken.reveal() }),
      }),
    region,
  );
  const url = `https://sts.${region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15`;
  try {
    const target = { 'x-goog-cloud-target-resource': auth.audience };
    const signed = await signer.getRequestOptions({ url, method: 'POST', headers: target });
    const headers = [...new Headers(signed.headers)].map(([key, value]) => ({ key, value }));
    return encodeURIComponent(JSON.stringify({ url, method: 'POST', headers }));
  } catch {
    // Whatever it says, it may hold what was signed.
    throw new PermanentError('misconfigured', 'The credentials of AWS cannot sign a request', { field: 'auth' });
  }
}

async function exchange(subjectToken: string, { auth, http }: Options): Promise<Granted> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: auth.audience,
    scope,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: subjectToken,
    subject_token_type: subjectTokenType,
  };
  const answer = await send(
    {
      operation: 'exchange the AWS role for a token',
      method: 'POST',
      baseUrl: auth.stsUrl,
      path: '',
      body: { form },
      idempotent: true,
    },
    http,
  );
  if (answer.status >= 300) throw stsRefusal(answer);
  const { access_token: token, expires_in: seconds } = parseAnswer(answer, federated);
  return { authorization: hidden(`Bearer ${token}`), lifetimeMs: seconds * 1000 };
}

async function impersonate(serviceAccount: string, authorization: Hidden, { auth, http }: Options): Promise<Granted> {
  const answer = await send(
    {
      operation: 'impersonate the service account',
      method: 'POST',
      baseUrl: auth.iamCredentialsUrl,
      path: `/projects/-/serviceAccounts/${encodeURIComponent(serviceAccount)}:generateAccessToken`,
      headers: { authorization: authorization.reveal() },
      body: { json: { scope: [scope], lifetime: '3600s' } },
      idempotent: true,
    },
    http,
  );
  if (answer.status >= 300) throw impersonationRefusal(answer, serviceAccount);
  const { accessToken, expireTime } = parseAnswer(answer, impersonated);
  return { authorization: hidden(`Bearer ${accessToken}`), lifetimeMs: Date.parse(expireTime) - http.clock.now() };
}
