import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { jsonOf } from '@keyturn/http/parse-answer';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import type { EdgeLogin } from './edge-login.ts';

export type Refusal = {
  readonly error: PermanentError;
  /** How long the same is not tried again, in milliseconds. */
  readonly pauseMs: number;
};

// Five failures lock an account of the public cloud for two minutes (docs.apigee.com, global-user-password-security-behavior); a private cloud counts
// those of five minutes (pwdFailureCountInterval). Two functions ask, at times more than one instance of each.
const longPauseMs = 600_000;
// The next code may be taken.
const codePauseMs = 60_000;

const body = z.object({
  error: z.enum(['unauthorized', 'invalid_grant', 'invalid_token', 'access_denied']),
  // It may quote what was sent: it is looked at, and never shown.
  error_description: z.string().catch(''),
});

/** What a login server refused, in words that say what to do. PermanentError('provider-answer') where something else went wrong. */
export function edgeRefusal(answer: HttpAnswer, login: EdgeLogin, adminSecret: string): Refusal {
  const { data } = body.safeParse(jsonOf(answer)?.value);
  if (data === undefined && answer.status !== 401) {
    throw new PermanentError('provider-answer', `${answer.summary}: no token came back`, { field: 'auth.tokenUrl' });
  }
  const about = problemOf(data?.error_description ?? '', login);
  const pauseMs = about === 'password and MFA code: code' ? codePauseMs : longPauseMs;
  const where = `in the secret ${adminSecret}, not tried again for ${pauseMs / 60_000} min unless it changes`;
  const error = new PermanentError('access-denied', `${answer.summary}: ${words[about]} (${where})`, {
    field: 'adminSecret',
  });
  return { error, pauseMs };
}

type Problem = EdgeLogin['kind'] | 'password: code missing' | 'password and MFA code: code' | 'locked';

function problemOf(description: string, { kind }: EdgeLogin): Problem {
  if (/\block/i.test(description)) return 'locked';
  if (/\bmfa\b/i.test(description)) {
    if (kind === 'password') return 'password: code missing';
    if (kind === 'password and MFA code') return 'password and MFA code: code';
  }
  return kind;
}

const machineUser = 'for unattended work, take a machine user, which signs in with username and password alone';
const words: Readonly<Record<Problem, string>> = {
  password: `username or password is refused. Where the user signs in through SSO, no password is ever taken: ${machineUser}`,
  'password and MFA code': 'username, password or the code of totpSecret is refused',
  'password: code missing': `the user needs an MFA code. Add the totpSecret of the user; or, ${machineUser}`,
  'password and MFA code: code': `the MFA code is refused. Check that totpSecret is the text shown when MFA was set up, and that no other program signs in with the same code; or, ${machineUser}`,
  locked:
    'the account is locked after failed logins. It is unlocked after some minutes; look for whoever signs in with an old password',
  passcode: `the passcode is wrong or used up: each works once, for a few minutes. Put a new one there; ${machineUser}`,
  'refresh token': `the refresh token has ended: it lives for about a day, and often works once. Put a new one there; ${machineUser}`,
};
