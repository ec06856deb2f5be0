import type { Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import { readAdminSecret, unusableSecret, type AdminSecret } from './admin-secret.ts';
import { totp } from './totp.ts';

/** One way to sign in at an Edge login server. */
export type EdgeLogin = {
  readonly kind: 'password' | 'password and MFA code' | 'passcode' | 'refresh token';
  readonly form: Readonly<Record<string, string>>;
  /** What it needs is good for one request alone. */
  readonly once: boolean;
};

const text = z.string().min(1);
const ways = {
  password: z.object({ username: text, password: text, totpSecret: text.optional() }),
  passcode: z.object({ passcode: text }),
  refreshToken: z.object({ refreshToken: text }),
};
const wanted = '{"username","password"} with or without "totpSecret", {"passcode"} or {"refreshToken"}';
const anything = z.record(z.string(), z.unknown());

/** How the administrator's secret says to sign in, and the secret's text, by which a change is noticed. */
export async function readEdgeLogin(
  admin: AdminSecret,
  nowMs: number,
): Promise<{ readonly login: EdgeLogin; readonly text: Hidden }> {
  const { value, text } = await readAdminSecret(admin, anything, wanted);
  const { adminSecret } = admin;
  const [way, another] = (['password', 'passcode', 'refreshToken'] as const).filter((name) => name in value);
  if (way === undefined) throw unusableSecret(adminSecret, `is not ${wanted}`, 'password');
  if (another !== undefined) {
    throw unusableSecret(adminSecret, `holds both ${way} and ${another}: only one way to sign in`, another);
  }
  const parsed = ways[way].safeParse(value);
  if (!parsed.success) throw unusableSecret(adminSecret, `is not ${wanted}`, parsed.error.issues[0]?.path.join('.'));
  return { login: loginBy(parsed.data, adminSecret, nowMs), text };
}

type Content = z.output<(typeof ways)[keyof typeof ways]>;

function loginBy(content: Content, adminSecret: string, nowMs: number): EdgeLogin {
  if ('refreshToken' in content) return refreshLogin(content.refreshToken);
  if ('passcode' in content) {
    const { passcode } = content;
    return { kind: 'passcode', form: { grant_type: 'password', response_type: 'token', passcode }, once: true };
  }
  const { username, password, totpSecret } = content;
  const form = { grant_type: 'password', username, password };
  if (totpSecret === undefined) return { kind: 'password', form, once: false };
  const code = totp(totpSecret, nowMs);
  if (code === undefined) {
    throw unusableSecret(
      adminSecret,
      'holds a totpSecret that is not the base32 text of an authenticator',
      'totpSecret',
    );
  }
  return { kind: 'password and MFA code', form: { ...form, mfa_token: code }, once: true };
}

export function refreshLogin(refreshToken: string): EdgeLogin {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  return { kind: 'refresh token', form, once: false };
}
