import { authenticatorCodes } from './authenticator-codes.ts';
import type { Fresh } from './fresh.ts';
import type { EdgeLoginOptions } from './simulated-identity.ts';

export type EdgeUser = {
  username: string;
  password: () => string;
  setPassword: (password: string) => void;
  setTotpSecret: (totpSecret: string | undefined) => void;
  has: (username: string, password: string) => boolean;
  /** What is wrong with a login, in the words of the login server. */
  fault: (form: URLSearchParams) => string | undefined;
};

// docs.apigee.com, global-user-password-security-behavior.
const failuresUntilLocked = 5;
const lockMs = 120_000;
// In the words of the UAA, on which the login server is built; not confirmed for Edge.
const locked = 'Your account has been locked because of too many failed attempts to login.';

export function edgeUser(options: EdgeLoginOptions, now: () => number, fresh: Fresh): EdgeUser {
  const { username = 'keyturn@machine.example' } = options;
  let { password = fresh.text(12), totpSecret } = options;
  let failures = 0;
  let lockedUntil = 0;

  const has = (name: string, word: string) => name === username && word === password;
  const knowsCode = (code: string) => totpSecret === undefined || authenticatorCodes(totpSecret, now()).includes(code);
  return {
    username,
    password: () => password,
    setPassword(next) {
      password = next;
    },
    setTotpSecret(next) {
      totpSecret = next;
    },
    has,
    fault(form) {
      if (now() < lockedUntil) {
        return locked;
      }
      const known = has(form.get('username') ?? '', form.get('password') ?? '');
      if (known && knowsCode(form.get('mfa_token') ?? '')) {
        failures = 0;
        return undefined;
      }
      failures += 1;
      if (failures >= failuresUntilLocked) {
        failures = 0;
        lockedUntil = now() + lockMs;
      }
      return known ? 'Error: Invalid MFA code.' : 'Bad credentials';
    },
  };
}
