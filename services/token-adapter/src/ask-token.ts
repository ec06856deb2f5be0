import type { TokenAuth } from '@keyturn/config/token-auth';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { baseUrlOf } from './base-url.ts';
import { fillFields, fillText, type Values } from './fill-template.ts';
import { basicHeader, type Session } from './session.ts';

type Deps = { readonly urls: Readonly<Record<string, string>>; readonly http: HttpOptions };

const granted = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().default(300),
});
// No call should set out with a token that ends on its way.
const marginMs = 30_000;

/** A token of the grant client_credentials (RFC 6749, 4.4). A client that is refused is access-denied. */
export async function askToken(
  auth: Extract<TokenAuth, { readonly as: 'oauth' }>,
  values: Values,
  { urls, http }: Deps,
): Promise<Session> {
  const clientId = fillText(auth.clientId, values);
  const clientSecret = fillText(auth.clientSecret, values);
  const asForm = auth.sends === 'form';
  const answer = await send(
    {
      operation: 'ask for a token for the master',
      method: 'POST',
      baseUrl: baseUrlOf(urls, auth.url),
      path: auth.path,
      headers: asForm
        ? {}
        : { authorization: basicHeader(encodeURIComponent(clientId), encodeURIComponent(clientSecret)) },
      body: {
        form: {
          grant_type: 'client_credentials',
          ...fillFields(auth.form, values),
          ...(asForm && { client_id: clientId, client_secret: clientSecret }),
        },
      },
      // A token that nobody got ends by itself.
      idempotent: true,
    },
    http,
  );
  if (answer.status >= 300) {
    throw new PermanentError('access-denied', `${answer.summary}: the master gets no token`, { field: 'adminSecret' });
  }
  const { access_token: token, expires_in: seconds } = parseAnswer(answer, granted);
  const headers = { authorization: `Bearer ${token}` };
  return { headers: () => headers, until: http.clock.now() + seconds * 1000 - marginMs };
}
