import { formatDuration } from '@keyturn/config/duration';
import type { ManagedSecret } from '@keyturn/config/managed-secret';
import { requiredGrace } from '@keyturn/rotation/grace';

/** What the policy means for this secret, in lines for people. */
export function describePolicy({ policy, provider, timing }: ManagedSecret): string[] {
  const needed = requiredGrace(policy.readers, {
    eventLagMs: timing.eventLagMs,
    revocationCacheMs: provider.config.revocation,
    marginMs: timing.marginMs,
  });
  const sum = needed.parts.map(({ name, ms }) => `${formatDuration(ms)} ${name}`).join(' + ');
  return [
    `  schedule     ${policy.schedule}${policy.window === undefined ? '' : `, window ${policy.window}`}`,
    `  hold-off     ${formatDuration(policy.holdOffMs)}, then ${policy.accepts} accepts in a row`,
    `  grace        ${formatDuration(policy.graceMs)} (readers need ${formatDuration(needed.totalMs)} = ${sum})`,
    `  soak         ${formatDuration(policy.soakMs)} switched off before it is deleted`,
    `  retirement   ${policy.retirement}`,
  ];
}
