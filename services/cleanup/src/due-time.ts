import type { Superseded } from '@keyturn/aws/supersession';

import type { Config } from '@keyturn/config/config';
import { timingOf } from '@keyturn/config/timing';

import type { Live } from './managed-versions.ts';

/** When the next step may be taken at the earliest, by what the policy says now. */
export function earliest(row: Superseded, { secret }: Live): number {
  const { marginMs, orphanMinAgeMs } = secret.timing;
  const waitMs = row.kind === 'orphan' ? orphanMinAgeMs : secret.policy.graceMs;
  const graceEnd = row.supersededAt + waitMs + marginMs;
  const soakMs = Math.max(secret.policy.soakMs, secret.provider.config.revocation);
  return row.stage === 'disabled' ? Math.max(graceEnd, (row.disabledAt ?? 0) + soakMs) : graceEnd;
}

/** By when every policy and provider of the configuration would have ended it, `maxGrace` included: for a secret that cannot be read. */
export function latest(row: Superseded, config: Config): number {
  const { marginMs, orphanMinAgeMs } = timingOf(config);
  const policies = Object.values(config.policies);
  const longest = (times: readonly number[]) => Math.max(0, ...times);
  const graceMs = row.kind === 'orphan' ? orphanMinAgeMs : longest(policies.map(({ grace }) => grace));
  const soakMs = longest([
    ...policies.map(({ soak }) => soak),
    ...Object.values(config.providers).map(({ revocation }) => revocation),
  ]);
  const graceEnd = row.supersededAt + graceMs + marginMs;
  const dueAt = row.stage === 'disabled' ? Math.max(graceEnd, (row.disabledAt ?? 0) + soakMs) : graceEnd;
  return dueAt + longest(policies.map(({ maxGrace }) => maxGrace));
}
