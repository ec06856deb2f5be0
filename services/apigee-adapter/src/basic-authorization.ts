import { hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import { readAdminSecret, type AdminSecret } from './admin-secret.ts';
import type { Authorize } from './authorize.ts';
import { keepToken } from './keep-token.ts';
import type { Clock } from '@keyturn/rotation/clock';

// A colon ends the user name (RFC 7617).
const user = z.object({ username: z.string().regex(/^[^:]+$/), password: z.string().min(1) });

/**
 * User name and password in each call. They are read again when they are refused; where they are still the same, the same are given again, and whoever
 * calls must not try them twice: wrong passwords lock an account.
 */
export function basicAuthorization({ clock, ...admin }: AdminSecret & { readonly clock: Clock }): Authorize {
  return keepToken(async () => {
    const { value } = await readAdminSecret(admin, user, '{"username","password"}');
    const pair = Buffer.from(`${value.username}:${value.password}`).toString('base64');
    return { authorization: hidden(`Basic ${pair}`), lifetimeMs: Infinity };
  }, clock);
}
