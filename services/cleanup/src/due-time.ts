import type { Superseded } from '@keyturn/aws/supersession';

import type { Live } from './managed-versions.ts';

/** When the next step may be taken at the earliest, by what the policy says now. */
export function earliest(row: Superseded, { secret }: Live): number {
  const { marginMs, orphanMinAgeMs } = secret.timing;
  const waitMs = row.kind === 'orphan' ? orphanMinAgeMs : secret.policy.graceMs;
  const graceEnd = row.supersededAt + waitMs + marginMs;
  const soakMs = Math.max(secret.policy.soakMs, secret.provider.config.revocation);
  return row.stage === 'disabled' ? Math.max(graceEnd, (row.disabledAt ?? 0) + soakMs) : graceEnd;
}
