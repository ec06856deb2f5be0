import { fieldsOf, statusOf } from './secret-error.ts';

/** How a call ended: it threw, or it returned. */
export type Outcome = { readonly error: unknown } | { readonly result: unknown };

/** HTTP; Postgres, MySQL, MongoDB (18) and gRPC (16), as their drivers tell that a login was refused; Redis, by its message alone. */
const refusals = /^(401|403|28P01|28000|1045|ER_ACCESS_DENIED_ERROR|18|16|: (WRONGPASS|NOAUTH) .*)$/s;

/** A 401 or 403 that was thrown or returned, or a database's refusal of a login. */
export function isAuthFailure(outcome: Outcome): boolean {
  const { code, errno, message } = fieldsOf('error' in outcome && outcome.error);
  const status = statusOf('error' in outcome ? outcome.error : outcome.result);
  return [status, code, errno, `: ${String(message)}`].some((sign) => refusals.test(String(sign)));
}
