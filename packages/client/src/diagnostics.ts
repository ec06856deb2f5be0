import { channel } from 'node:diagnostics_channel';

import type { SecretErrorCode } from './secret-error.ts';

/** What is told on the diagnostics channel `keyturn:client`. Never a value. */
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

const diagnostics = channel('keyturn:client');

export const tell = (type: SecretDiagnostic['type'], secretId: string, facts?: Partial<SecretDiagnostic>): void =>
  diagnostics.publish({ type, secretId, ...facts });
