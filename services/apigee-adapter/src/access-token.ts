import { createPrivateKey } from 'node:crypto';

import type { HttpAnswer, HttpOptions } from '@keyturn/http/http-exchange';
import { jsonOf, parseAnswer } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { JWT } from 'google-auth-library';
import * as z from 'zod';

import { readAdminSecret, unusableSecret, type AdminSecret } from './admin-secret.ts';
import type { Authorize } from './authorize.ts';
import { keepToken } from './keep-token.ts';

type Options = AdminSecret & {
  /** The only place a token is asked for; the key file names one too, and is not obeyed. */
  readonly tokenUrl: string;
  readonly http: HttpOptions;
};

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const keyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.email(),
  private_key: z.string().min(1),
});
const grant = z.object({ access_token: z.string().regex(/^[\x21-\x7e]+$/), expires_in: z.number().positive() });

/** Tokens for a service account whose key is in a secret. The secret is read for each new token, so that a new key in it is used after one 401. */
export function serviceAccountToken(options: Options): Authorize {
  return keepToken(async () => {
    const { access_token: token, expires_in: seconds } = await exchange(await readKeyFile(options), options);
    return { authorization: hidden(`Bearer ${token}`), lifetimeMs: seconds * 1000 };
  }, options.http.clock);
}

type Account = { readonly email: string; readonly key: string };

async function readKeyFile(admin: AdminSecret): Promise<Account> {
  const { value } = await readAdminSecret(admin, keyFile, 'the key file of a service account');
  const { client_email: email, private_key: key } = value;
  try {
    createPrivateKey(key);
  } catch {
    // Its message is about the secret.
    throw unusableSecret(admin.adminSecret, 'holds a private key that cannot be read', 'private_key');
  }
  return { email, key };
}

/**
 * google-auth-library signs; the call is ours, because the library knows one address only, follows proxies of the environment and throws errors
 * that hold the request.
 */
async function exchange(
  { email, key }: Account,
  { adminSecret, tokenUrl, http }: Options,
): Promise<z.output<typeof grant>> {
  let outcome: { readonly granted: z.output<typeof grant> } | { readonly failure: unknown } | undefined;
  const call = async (assertion: string) => {
    const request = {
      operation: 'ask for an access token',
      method: 'POST',
      baseUrl: tokenUrl,
      path: '',
      body: { form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion } },
      idempotent: true,
    } as const;
    const answer = await send(request, http);
    if (answer.status >= 300) throw refusal(answer);
    return parseAnswer(answer, grant);
  };
  const client = new JWT({
    email,
    key,
    scopes: [scope],
    additionalClaims: { aud: tokenUrl },
    // Else it logs headers and answers where the environment says so.
    useAuthRequestParameters: false,
    transporterOptions: {
      retryConfig: { retry: 0 },
      fetchImplementation: async (_, init) => {
        const form = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams();
        try {
          outcome = { granted: await call(form.get('assertion') ?? '') };
          return Response.json(outcome.granted);
        } catch (failure) {
          outcome = { failure };
          return Response.json({}, { status: 400 });
        }
      },
    },
  });
  // Its errors hold the assertion; what went wrong on the way is in `outcome`.
  await client.authorize().catch(() => undefined);
  if (outcome === undefined) throw unusableSecret(adminSecret, 'cannot sign', 'private_key');
  if ('failure' in outcome) throw outcome.failure;
  return outcome.granted;
}

const refusalBody = z.object({
  error: z.enum(['invalid_grant', 'invalid_client', 'invalid_scope', 'unauthorized_client']),
});

function refusal(answer: HttpAnswer): PermanentError {
  const parsed = refusalBody.safeParse(jsonOf(answer)?.value);
  if (!parsed.success)
    return new PermanentError('provider-answer', `${answer.summary}: no token came back`, { field: 'tokenUrl' });
  return new PermanentError('access-denied', `${answer.summary}, ${parsed.data.error}`, { field: 'adminSecret' });
}
