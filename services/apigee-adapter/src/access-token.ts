import { createPrivateKey } from 'node:crypto';

import type { SecretReader } from '@keyturn/aws/secret-store';
import type { HttpAnswer, HttpOptions } from '@keyturn/http/http-exchange';
import { jsonOf, parseAnswer } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import { JWT } from 'google-auth-library';
import * as z from 'zod';

import type { Authorize } from './authorize.ts';

type Options = {
  readonly secrets: Pick<SecretReader, 'value'>;
  /** Name or ARN of the secret that holds the service account's key file. */
  readonly adminSecret: string;
  /** The only place a token is asked for; the key file names one too, and is not obeyed. */
  readonly tokenUrl: string;
  readonly http: HttpOptions;
};

// No call should set out with a token that ends on its way, in milliseconds.
const marginMs = 60_000;
const scope = 'https://www.googleapis.com/auth/cloud-platform';
const keyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.email(),
  private_key: z.string().min(1),
});
const grant = z.object({ access_token: z.string().regex(/^[\x21-\x7e]+$/), expires_in: z.number().positive() });

/** Tokens for a service account whose key is in a secret. The secret is read for each new token, so that a new key in it is used after one 401. */
export function serviceAccountToken(options: Options): Authorize {
  const { clock } = options.http;
  let cached: { readonly token: Hidden; readonly until: number } | undefined;
  let asking: Promise<Hidden> | undefined;

  const ask = async () => {
    const { access_token: token, expires_in: seconds } = await exchange(await readKeyFile(options), options);
    cached = { token: hidden(`Bearer ${token}`), until: clock.now() + seconds * 1000 - marginMs };
    return cached.token;
  };
  return (refused) => {
    if (cached !== undefined && cached.token !== refused && clock.now() < cached.until) {
      return Promise.resolve(cached.token);
    }
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}

type Account = { readonly email: string; readonly key: string };

async function readKeyFile({ secrets, adminSecret }: Options): Promise<Account> {
  const version = await secrets.value(adminSecret, { stage: 'AWSCURRENT' });
  if (version === undefined) throw unusable('holds nothing', 'adminSecret');
  const parsed = keyFile.safeParse(jsonOf({ text: version.text })?.value);
  if (!parsed.success) {
    throw unusable('is not the key file of a service account', parsed.error.issues[0]?.path.join('.') || 'adminSecret');
  }
  const { client_email: email, private_key: key } = parsed.data;
  try {
    createPrivateKey(key);
  } catch {
    // Its message is about the secret.
    throw unusable('holds a private key that cannot be read', 'private_key');
  }
  return { email, key };
}

function unusable(problem: string, field: string): PermanentError {
  return new PermanentError('misconfigured', `The secret of the Apigee administrator ${problem}`, { field });
}

/**
 * google-auth-library signs; the call is ours, because the library knows one address only, follows proxies of the environment and throws errors
 * that hold the request.
 */
async function exchange({ email, key }: Account, { tokenUrl, http }: Options): Promise<z.output<typeof grant>> {
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
  if (outcome === undefined) throw unusable('cannot sign', 'private_key');
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
