import { heardNumber, noteSuperseded, readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import { markOf, ownership, parseMark } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { labelsOf, type Live } from './managed-versions.ts';

const inUse: ReadonlySet<string> = new Set(['AWSCURRENT', 'AWSPENDING']);

/**
 * Keys that bear this secret's mark, and that no version in use and no row accounts for: an attempt died between making a key and writing it down, and
 * nobody told of its end, or the ledger was lost. Whether one ever was current cannot be told, so it gets a whole grace. The fences see to the rest.
 */
export async function noteForgotten(live: Live, deps: Deps, correlationId: string): Promise<void> {
  const { secret, current, currentVersionId } = live;
  const { provider, target } = secret;
  const issue = deps.issue(provider.id);
  const { listOwned, mark } = await issue.describe();
  if (!listOwned || !mark) return;
  const ours = markOf(secret.arn, currentVersionId, secret.environment);
  for (const key of await issue.list({ target })) {
    if (ownership(key.mark, ours) !== 'this-secret' || key.keyId.reveal() === current.keyId.reveal()) continue;
    const versionId = parseMark(key.mark ?? '')?.versionId;
    if (versionId === undefined || labelsOf(live, versionId).some((label) => inUse.has(label))) continue;
    if ((await readSuperseded(deps.ledger, supersededKey(secret.arn, versionId))) !== undefined) continue;
    const now = deps.clock.now();
    await noteSuperseded(deps.ledger, {
      secretArn: secret.arn,
      versionId,
      provider: provider.id,
      target,
      kind: 'superseded',
      n: heardNumber,
      supersededAt: now,
      supersededBy: currentVersionId,
      correlationId,
      dueAt: now + secret.policy.graceMs + secret.timing.marginMs,
    });
  }
}
