import * as z from 'zod';

import { id, parameterName, path, pointer } from './field.ts';
import { sentFields } from './token-request.ts';

const csrf = z.union([
  z.strictObject({ cookie: z.string().regex(/^[\w.-]+$/) }),
  z.strictObject({ header: parameterName }),
  z.strictObject({ between: z.tuple([z.string().min(1), z.string().min(1)]) }),
  z.strictObject({ at: pointer }),
]);
export type Csrf = z.output<typeof csrf>;

const headers = z.record(parameterName, z.string());

/**
 * How the master proves itself. {master.field} is a field of the master secret's JSON, {master} the whole secret where it is plain text.
 */
export const tokenAuth = z.discriminatedUnion('as', [
  z.strictObject({ as: z.literal('headers'), headers }).meta({ description: 'Headers of every request' }),
  z.strictObject({ as: z.literal('basic'), username: z.string(), password: z.string() }),
  z
    .strictObject({
      as: z.literal('oauth'),
      url: id.default('api'),
      path,
      clientId: z.string(),
      clientSecret: z.string(),
      sends: z.enum(['basic', 'form']).default('basic').meta({ description: 'How the client proves itself' }),
      form: z
        .record(z.string(), z.string())
        .default({})
        .meta({ description: 'More fields, such as scope or audience' }),
    })
    .meta({ description: 'A token of the grant client_credentials, asked for again when it ends' }),
  z
    .strictObject({
      as: z.literal('login'),
      login: z.strictObject({ ...sentFields, method: z.enum(['POST', 'PUT']).default('POST') }),
      page: z
        .strictObject({ url: id.default('api'), path })
        .optional()
        .meta({ description: 'Fetched before the login, for its cookies and its CSRF token' }),
      pageAfter: z
        .strictObject({ url: id.default('api'), path })
        .optional()
        .meta({ description: 'Fetched after the login, where the CSRF token of the session is no cookie' }),
      csrf: csrf.optional().meta({ description: 'Where the page has the token that is {csrf} below' }),
      token: pointer.optional().meta({ description: 'Where the answer to the login has what is {token} below' }),
      headers: headers.default({}).meta({ description: 'Of every request, beside the cookies of the session' }),
      refusedWhen: z
        .strictObject({ contains: z.string().min(1) })
        .optional()
        .meta({ description: 'A login page that comes back with 200 holds this text' }),
    })
    .meta({ description: 'As a person logs in to a portal: a form, a session cookie, a CSRF token' }),
]);
export type TokenAuth = z.output<typeof tokenAuth>;
