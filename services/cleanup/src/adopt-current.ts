import { eventFacts } from '@keyturn/config/event-facts';
import type { CheckResult } from '@keyturn/credential-provider/credential-provider';
import { provenOwnership } from '@keyturn/credential-provider/ownership-proof';
import { CredentialAdopted } from '@keyturn/events/credential-adopted';
import { occurrence } from '@keyturn/events/occurrence';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf, ownership, type Mark } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import type { Live } from './managed-versions.ts';
import type { Occasion } from './settle-current.ts';

/**
 * Marks the current key as this secret's if it bears no mark and possession is proven: a person pasted it, and without a mark it would live for ever. A
 * key with another mark is never taken. Repeated by every look at the secret, so that it takes no event to do it.
 */
export async function adoptCurrent(
  live: Live,
  seen: CheckResult,
  deps: Deps,
  { correlationId, pasted }: Required<Occasion>,
): Promise<void> {
  const { secret, currentVersionId } = live;
  const mark = markOf(secret.arn, currentVersionId, secret.environment);
  const { key } = seen;
  // One that is off was switched off by somebody who is not us.
  if (key.state !== 'enabled') return;
  if (key.mark === undefined) {
    if (!(await isPossessed(live, seen, mark, deps)) || !(await markKey(live, mark, deps))) return;
  } else if (!pasted || key.mark !== formatMark(mark)) {
    return;
  }
  const about = occurrence(deps, {
    correlationId,
    idempotencyKey: [secret.arn, currentVersionId, 'adopted'].join('#'),
  });
  const facts = { ...eventFacts(live.description, deps.config), versionId: currentVersionId };
  await deps.bus.publish(CredentialAdopted.create(facts, about));
}

// A provider that does not tell the secret of a key has to accept it in use.
async function isPossessed(live: Live, seen: CheckResult, mark: Mark, deps: Deps): Promise<boolean> {
  const { policy } = live.secret;
  const ask = seen.key.state !== 'absent' && seen.key.secretMatches === undefined && policy.probe === 'credential';
  const check = ask ? await look(live, policy.probe, deps) : seen;
  return provenOwnership({ check, mark }).owner === 'this-secret';
}

// Looked at again afterwards: of two secrets that mark one key at the same time one has to lose.
async function markKey(live: Live, mark: Mark, deps: Deps): Promise<boolean> {
  const { provider, target } = live.secret;
  if (!(await deps.issue(provider.id).describe()).mark) return false;
  try {
    await deps.issue(provider.id).mark({ target, keyId: live.current.keyId, mark: formatMark(mark) });
  } catch (error) {
    // Gone, or somebody else's by now.
    if (error instanceof PermanentError && error.reason === 'not-yours') return false;
    throw error;
  }
  const { key } = await look(live, 'none', deps);
  return key.state !== 'absent' && ownership(key.mark, mark) === 'this-secret';
}

function look({ secret, current }: Live, probe: 'none' | 'credential', deps: Deps): Promise<CheckResult> {
  return deps.issue(secret.provider.id).check({ target: secret.target, credential: current, probe, times: 1 });
}
