import { verify } from 'node:crypto';
import * as z from 'zod';
import type { ServiceAccount } from './service-account.ts';

const Header = z.object({ alg: z.literal('RS256'), kid: z.string().optional() });
const Claims = z.object({
  iss: z.string(),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  scope: z.string().optional(),
});
type Claims = z.infer<typeof Claims>;

const longestSeconds = 3600;
const skewSeconds = 300;

/** The claims of a service account's signed assertion, or what is wrong with it. */
export function assertionClaims(
  assertion: string,
  audiences: readonly string[],
  account: ServiceAccount,
): Claims | string {
  const [header = '', payload = '', signature = '', ...rest] = assertion.split('.');
  const head = Header.safeParse(jsonOf(header));
  const claims = Claims.safeParse(jsonOf(payload));
  if (!head.success || !claims.success || rest.length > 0) {
    return 'Invalid JWT: it is RS256 and has iss, aud, iat and exp.';
  }
  const { keyId, clientEmail, publicKey } = account;
  const signed = Buffer.from(`${header}.${payload}`);
  if (
    !verify('RSA-SHA256', signed, publicKey(), Buffer.from(signature, 'base64url')) ||
    (head.data.kid ?? keyId) !== keyId ||
    claims.data.iss !== clientEmail
  ) {
    return 'Invalid JWT Signature.';
  }
  return claimFault(claims.data, audiences) ?? claims.data;
}

function claimFault({ aud, iat, exp }: Claims, audiences: readonly string[]): string | undefined {
  if (!audiences.includes(aud)) {
    return 'Invalid JWT: wrong audience.';
  }
  // The wall clock, whatever clock the simulator runs by: google-auth-library signs by it and cannot be told another.
  const now = Date.now() / 1000;
  return exp <= now || iat > now + skewSeconds || exp - iat > longestSeconds
    ? 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.'
    : undefined;
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
