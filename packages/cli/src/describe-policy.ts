import { formatDuration } from '@keyturn/config/duration';
import type { ManagedSecret } from '@keyturn/config/managed-secret';
import { requiredGrace } from '@keyturn/rotation/grace';

const afterMaxGrace = { hold: 'kept on, and told again', force: 'retired all the same' } as const;

function used({ unusedForMs, acknowledging }: ManagedSecret['policy']): string {
  const gates = [
    ...(unusedForMs === undefined ? [] : [`was used within ${formatDuration(unusedForMs)}`]),
    ...(acknowledging.length === 0 ? [] : [`was not let go by ${acknowledging.map(({ id }) => id).join(', ')}`]),
  ];
  return gates.map((gate) => `, or ${gate}`).join('');
}

/** What the policy means for this secret, in lines for people. */
export function describePolicy({ policy, provider, timing }: ManagedSecret): string[] {
  const needed = requiredGrace(policy.readers, {
    eventLagMs: timing.eventLagMs,
    revocationCacheMs: provider.config.revocation,
    marginMs: timing.marginMs,
  });
  const sum = needed.parts
    .filter(({ ms }) => ms > 0)
    .map(({ name, ms }) => `${formatDuration(ms)} ${name}`)
    .join(' + ');
  return [
    `  schedule     ${policy.schedule}${policy.window === undefined ? '' : `, window ${policy.window}`}`,
    `  hold-off     ${policy.acceptOutage ? 'none' : formatDuration(policy.holdOffMs)}, then ${policy.probe === 'none' ? 'the word of the provider; no request is made with the key' : `${policy.accepts} accepts in a row`}`,
    policy.acceptOutage
      ? `  grace        none: the old key ends when the new one is made; readers need up to ${formatDuration(needed.totalMs)} to follow`
      : `  grace        ${formatDuration(policy.graceMs)} (readers need ${formatDuration(needed.totalMs)} = ${sum})`,
    `  soak         ${formatDuration(policy.soakMs)} switched off before it is deleted`,
    `  verification ${policy.verification}`,
    `  retirement   ${policy.retirement}; deletion ${policy.deletion}`,
    `  kept         while the old version is read${used(policy)}; after ${formatDuration(policy.maxGraceMs)} ${afterMaxGrace[policy.afterMaxGrace]}`,
  ];
}
