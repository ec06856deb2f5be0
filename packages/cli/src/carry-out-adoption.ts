import { announcementKey, nextNumber, readAnnouncement, type Announcement } from '@keyturn/aws/announcement';
import { eventFacts } from '@keyturn/config/event-facts';
import { proveOwnership } from '@keyturn/credential-provider/ownership-proof';
import { occurrence } from '@keyturn/events/occurrence';
import { SecretAdopted } from '@keyturn/events/secret-adopted';
import type { Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf, secretHash } from '@keyturn/rotation/mark';

import type { Deps } from './command.ts';
import type { LiveSecret } from './live-secret.ts';
import { isoOrNull } from './moments.ts';
import { refuseSharedKey, type Plan } from './plan-adoption.ts';

/**
 * The mark first: from then on no second secret can take the key. The schedule last: it makes Secrets Manager call us, who need all the rest. Done
 * again, it finishes what was interrupted.
 */
export async function carryOutAdoption(plan: Plan, deps: Deps): Promise<void> {
  const { live, tags, marked, marks } = plan;
  const { secret, version, credential } = live;
  if (credential !== undefined && (marked || marks)) await markKey(live, credential, deps);
  await deps.secrets.tag(secret.arn, tags);
  await recordAdoption(live, deps);
  await attachSchedule(plan, deps);
  const fresh = await deps.secrets.describe(secret.arn);
  const facts = {
    ...eventFacts(fresh, deps.config),
    versionId: version.versionId,
    schedule: secret.policy.schedule,
    nextRotationAt: isoOrNull(fresh.rotation.nextAt),
    requestsFail: secret.policy.acceptOutage,
  };
  const about = occurrence(deps, {
    correlationId: `${secretHash(secret.arn)}/${version.versionId}`,
    idempotencyKey: `${secret.arn}#${version.versionId}#adopted`,
  });
  await deps.bus.publish(SecretAdopted.create(facts, about));
}

// Attached twice, the schedule would be tried out twice, or refused while the first dry run is on its way.
async function attachSchedule({ live, lambdaArn }: Plan, deps: Deps): Promise<void> {
  const { description, secret } = live;
  const { rotation } = description;
  const { schedule, window } = secret.policy;
  if (rotation.enabled && rotation.lambdaArn === lambdaArn && rotation.schedule === schedule) return;
  await deps.secrets.attachRotation({ arn: secret.arn, lambdaArn, schedule, duration: window });
}

async function markKey({ secret, version }: LiveSecret, credential: Credential, deps: Deps): Promise<void> {
  const provider = deps.issue(secret.provider.id);
  const mark = markOf(secret.arn, version.versionId, secret.environment);
  await provider.mark({ target: secret.target, keyId: credential.keyId, mark: formatMark(mark) });
  const check = await provider.check({ target: secret.target, credential, probe: 'none', times: 1 });
  await refuseSharedKey(check.key.state === 'absent' ? undefined : check.key.mark, secret.arn, deps);
  proveOwnership({ check, mark });
}

async function recordAdoption({ secret, version }: LiveSecret, { ledger, clock }: Deps): Promise<void> {
  if ((await readAnnouncement(ledger, secret.arn)) !== undefined) return;
  const n = nextNumber(0, clock.now());
  const row: Announcement = {
    secretArn: secret.arn,
    secretName: secret.name,
    provider: secret.provider.id,
    target: secret.target,
    currentVersionId: version.versionId,
    previousVersionId: null,
    n,
    since: clock.now(),
    cause: 'adoption',
    announced: n,
    changedAt: null,
  };
  await ledger.write(announcementKey(secret.arn), row, 0);
}
