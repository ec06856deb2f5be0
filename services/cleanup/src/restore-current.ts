import { eventFacts } from '@keyturn/config/event-facts';
import type { KeyState } from '@keyturn/credential-provider/credential-provider';
import { isOwn } from '@keyturn/credential-provider/ownership-proof';
import { CredentialRestored } from '@keyturn/events/credential-restored';
import { occurrence } from '@keyturn/events/occurrence';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import type { Live } from './managed-versions.ts';

/**
 * Switches the current key on again if it is off, whoever switched it off: somebody rolled back to a key that was being retired, or clicked the wrong
 * one. Only a key of ours. Answers whether it had to.
 */
export async function restoreCurrent(live: Live, key: KeyState, deps: Deps, correlationId: string): Promise<boolean> {
  const { secret, current, currentVersionId, description } = live;
  const { target } = secret;
  const mark = markOf(secret.arn, currentVersionId, secret.environment);
  if (key.state !== 'disabled') return false;
  const capabilities = await deps.issue(secret.provider.id).describe();
  if (!isOwn(key, mark, capabilities)) return false;

  // It ended because another one took its place; the rotation that has begun goes on.
  if (capabilities.overlap === 'none') return false;
  await deps.retire(secret.provider.id).enable({ target, keyId: current.keyId, mark: formatMark(mark) });
  const about = occurrence(deps, {
    correlationId,
    idempotencyKey: `${secret.arn}#${currentVersionId}#restored#${deps.newId()}`,
  });
  await deps.bus.publish(
    CredentialRestored.create({ ...eventFacts(description, deps.config), versionId: currentVersionId }, about),
  );
  return true;
}
