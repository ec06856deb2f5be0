import type { SecretErrorCode } from './secret-error.ts';

/** What happened to a secret. Never a value. */
export type SecretDiagnostic = {
  readonly type:
    | 'refresh'
    | 'error'
    | 'stale'
    | 'rotate'
    | 'invalid'
    | 'auth-retry'
    | 'callback-failed'
    | 'acknowledge-failed';
  readonly secretId: string;
  readonly versionId?: string | undefined;
  /** How long the fetch took. */
  readonly durationMs?: number;
  readonly code?: SecretErrorCode;
};

/** Told of what happens, at once; it must not throw. */
export type Report = (
  type: SecretDiagnostic['type'],
  secretId: string,
  facts?: Omit<SecretDiagnostic, 'type' | 'secretId'>,
) => void;
