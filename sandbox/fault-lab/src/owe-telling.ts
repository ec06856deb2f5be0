import type { KeyturnEvent } from '@keyturn/events/define-event';

import { minute } from './lab-config.ts';
import type { Plan } from './play.ts';
import type { World } from './world.ts';

type Owed = { readonly type: 'RotationFailed' | 'VerificationFailed'; readonly versionId: string };

/** By then the announcer has heard of a change, and the verifier has looked. */
const soonMs = 10 * minute;

/**
 * What has to be told, whoever hears of it: each rotation that failed for good, and each current key that a person brought and that does not work. Judged by
 * what our functions publish, where one thing went wrong at the most: that two messages are lost is what the next look of somebody is for. Called before
 * anything happens; what is returned judges in the end.
 */
export function oweTelling(w: World, { faults, intrusions }: Plan): () => void {
  const owed: Owed[] = [];
  const isCurrent = (versionId: string) => w.oracle.current().versionId === versionId;

  w.onFailedForGood((versionId) => {
    if (!isCurrent(versionId)) owed.push({ type: 'RotationFailed', versionId });
  });
  w.onMoved((versionId) => {
    if (!w.state.person) return;
    w.scheduler.at(w.scheduler.now() + soonMs, () => {
      const isBroken = isCurrent(versionId) && !w.oracle.current().works;
      if (isBroken && !isOutOfReach(w)) owed.push({ type: 'VerificationFailed', versionId });
    });
  });

  return () => {
    if (faults.length + intrusions.length > 1) return;
    for (const { type, versionId } of owed) {
      if (!w.published.some((event) => isAbout(event, type, versionId))) {
        w.oracle.broken('I12', `Nobody was told: ${type}`);
      }
    }
  };
}

function isAbout({ 'detail-type': told, detail }: KeyturnEvent, type: string, versionId: string): boolean {
  return told === type && detail.data['versionId'] === versionId;
}

// Nobody of ours can look at it.
function isOutOfReach(w: World): boolean {
  return w.state.down.size > 0 || w.truth()?.deletionAt !== undefined;
}
