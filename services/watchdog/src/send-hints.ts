import { hasSeen, type Announcement } from '@keyturn/aws/announcement';
import type { SecretDescription } from '@keyturn/aws/secret-store';

import type { Deps } from './deps.ts';

type Look = {
  readonly description: SecretDescription;
  readonly announcement: Announcement | undefined;
  /** For how long cleanup's message is kept back. */
  readonly delayMs: number;
};

/**
 * Tells announcer and cleanup to look at a secret again. A message says no more than that; they read what is true when they get it. Answers how many
 * were sent: what is announced costs the announcer none.
 */
export async function sendHints({ description, announcement, delayMs }: Look, deps: Deps): Promise<number> {
  const current = [...description.stages].find(([, labels]) => labels.includes('AWSCURRENT'))?.[0];
  if (current === undefined) return 0;
  const message = {
    source: 'keyturn',
    'detail-type': 'SecretWatched',
    time: new Date(deps.clock.now()).toISOString(),
    resources: [description.arn],
    detail: { secretArn: description.arn, versionId: current },
  };
  await deps.cleanupQueue.send(message, { delayMs });
  const isSeen = hasSeen(announcement, description);
  if (isSeen && (isAnnounced(announcement) || isReplicating(description))) return 1;
  await deps.announcerQueue.send(message);
  return 2;
}

function isAnnounced(announcement: Announcement | undefined): boolean {
  return announcement !== undefined && announcement.announced >= announcement.n;
}

// The announcer would wait for the replicas; a message that waits too often is dead, and the next hour brings another. What it has not seen yet it notes
// before it waits: however long a replica takes, no old key waits for it.
function isReplicating({ replicas }: SecretDescription): boolean {
  return replicas.some(({ status }) => status === 'InProgress');
}
