import { secretNameOf } from '@keyturn/aws/secret-name';
import { routeOf } from '@keyturn/config/route';
import { otherSecretIn } from '@keyturn/credential-provider/ownership-proof';

import { announcementOf } from './announcement.ts';
import type { NotifiedEvent } from './notified-event.ts';
import { noteRecentChange, readRecentChanges, type RecentChanges } from './recent-changes.ts';
import { isFailed } from './story-state.ts';
import { learn, overtake } from './story.ts';
import { tellStory, type Deps } from './tell-story.ts';

/** An alert counts as old news only if the secret changed so long after it, in milliseconds: one too many is better than one too few. */
const oldNewsMs = 3_600_000;

/**
 * Tells the people of a secret what happened to it: once, whatever comes twice, late or in another order. A message of Slack or a mail is
 * repeated only where this function dies between sending it and noting that: at most the one that was under way.
 */
export async function notifyOwner(told: NotifiedEvent, deps: Deps): Promise<void> {
  const event = await withName(told, deps);
  const { secretArn, owner } = event.data;
  const { correlationId } = event.metadata;
  const recent = await readRecentChanges(deps.ledger, secretArn);
  if (isOldAlert(event, recent)) return;
  const isOld = isOldChange(event, recent);

  const story = await tellStory({ secretArn, correlationId }, routeOf(deps.config, owner), deps, {
    // A change that was heard of before stays as it was told.
    learn: (before) =>
      isOld && before?.rotated === undefined ? overtake(learn(before, event), recent.changedAt) : learn(before, event),
    announce: (story) => announcementOf(event, story),
  });

  if (event.type === 'SecretRotated' && !isOld) await makeHistory(event, recent, deps);
  if (event.type === 'RotationFailed' && story !== undefined && isFailed(story)) {
    await noteRecentChange(deps.ledger, secretArn, (before) =>
      before.failing.includes(correlationId) ? before : { ...before, failing: [...before.failing, correlationId] },
    );
  }
}

/** Of two secrets with one key the second is refused by the hash of the first; people need its name. */
async function withName(event: NotifiedEvent, { ledger }: Deps): Promise<NotifiedEvent> {
  if (event.type !== 'RotationFailed') return event;
  const hash = otherSecretIn(event.data.field ?? '');
  if (hash === undefined) return event;
  return { ...event, data: { ...event.data, field: await secretNameOf(hash, ledger) } };
}

function isOldChange({ type, metadata }: NotifiedEvent, { changedAt, changedBy }: RecentChanges): boolean {
  return (
    type === 'SecretRotated' && changedBy !== metadata.correlationId && Date.parse(metadata.occurredAt) < changedAt
  );
}

/** An alert about a key that is not the current one any more, or about a rotation that another one made up for. */
function isOldAlert({ type, metadata }: NotifiedEvent, { changedAt, changedBy }: RecentChanges): boolean {
  if (changedBy === metadata.correlationId) return false;
  if (type !== 'RotationFailed' && type !== 'VerificationFailed') return false;
  return Date.parse(metadata.occurredAt) < changedAt - oldNewsMs;
}

/** Other stories of the secret that say by now what is not so any more. Noted last, so that a try that fails in between does it all again. */
async function makeHistory(
  event: Extract<NotifiedEvent, { type: 'SecretRotated' }>,
  recent: RecentChanges,
  deps: Deps,
): Promise<void> {
  const { secretArn, owner, cause } = event.data;
  const { correlationId } = event.metadata;
  const at = Date.parse(event.metadata.occurredAt);
  // A rotation makes up for those that failed. A rollback or an edit takes back what the change before it promised about the old key.
  const before = cause === 'rotation' ? recent.failing : [recent.changedBy];
  const others = before.flatMap((id) => (id === null || id === correlationId ? [] : [id]));
  const over = new Set([correlationId]);
  for (const id of others) {
    const story = await tellStory({ secretArn, correlationId: id }, routeOf(deps.config, owner), deps, {
      learn: (before) => before && overtake(before, at),
      announce: () => undefined,
    });
    if (story === undefined || !isFailed(story)) over.add(id);
  }
  await noteRecentChange(deps.ledger, secretArn, (before) => ({
    ...(before.changedAt > at ? before : { changedAt: at, changedBy: correlationId }),
    failing: before.failing.filter((id) => !over.has(id)),
  }));
}
