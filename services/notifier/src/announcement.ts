import { failedNotice } from './alert-notices.ts';
import { heldNotice } from './held-notice.ts';
import type { NotifiedEvent, NotifiedType } from './notified-event.ts';
import type { Notice } from './notice.ts';
import { foundNotice, overdueNotice } from './overdue-notices.ts';
import { refusedNotice } from './refused-notice.ts';
import {
  adoptedNotice,
  disabledNotice,
  reapedNotice,
  restoredNotice,
  retiredNotice,
  rotatedNotice,
  takenOverNotice,
} from './rotation-notices.ts';
import { currentNotice, storyNotice } from './story-notice.ts';
import { isFailed, isHeld, isOvertaken, isRefused } from './story-state.ts';
import { learn, type Story } from './story.ts';

/** Something that happened and that a channel is told of once. */
export type Announcement = {
  /** What a channel remembers of it. A first id that it has heard before means: told already. */
  readonly ids: readonly [string, ...string[]];
  readonly fact: NotifiedType;
  /** Something is wrong, and everybody in the channel should see it. */
  readonly alert: boolean;
  readonly mail: boolean;
  readonly notice: Notice;
};

/** What an event that was just learnt is worth telling; undefined where the story has gone past it. */
export function announcementOf(event: NotifiedEvent, story: Story): Announcement | undefined {
  return tellings[event.type](ofItsKey(event, story), event.metadata.idempotencyKey);
}

// The story remembers one key that is held, and this may be another one.
function ofItsKey(event: NotifiedEvent, story: Story): Story {
  if (event.type !== 'RetirementHeld' || event.data.versionId === story.held?.versionId) return story;
  const { held } = learn(undefined, event);
  return held === undefined ? story : { ...story, held };
}

type Telling = (story: Story, idempotencyKey: string) => Announcement | undefined;

const tellings: Readonly<Record<NotifiedType, Telling>> = {
  SecretAdopted: (story, key) =>
    story.adopted && { ...progress('SecretAdopted', key, adoptedNotice(story, story.adopted)), mail: true },
  SecretRotated: (story, key) => story.rotated && changeTelling(story, story.rotated, key),
  CredentialVerified: (story, key) =>
    story.verified && !isRefused(story)
      ? {
          ...progress('CredentialVerified', key, currentNotice(story, story.verified)),
          mail: story.refused !== undefined,
        }
      : undefined,
  CredentialAdopted: (story, key) => progress('CredentialAdopted', key, takenOverNotice(story)),
  CredentialDisabled: (story, key) =>
    story.disabled && story.retired === undefined
      ? progress('CredentialDisabled', key, disabledNotice(story, story.disabled))
      : undefined,
  CredentialRetired: (story, key) => progress('CredentialRetired', key, retiredNotice(story)),
  CredentialRestored: (story, key) => progress('CredentialRestored', key, restoredNotice(story)),
  OrphanReaped: (story, key) => progress('OrphanReaped', key, reapedNotice(story)),
  OrphanFound: (story, key) =>
    story.found && alert('OrphanFound', [`OrphanFound#${key}`], foundNotice(story, story.found)),
  RotationOverdue: (story, key) =>
    story.overdue && alert('RotationOverdue', [`RotationOverdue#${key}`], overdueNotice(story, story.overdue)),
  RotationFailed: (story) => {
    const { failed } = story;
    if (failed === undefined || !isFailed(story)) return undefined;
    // One alert for a failed rotation. A second one only where the first said that nobody has to act, and now somebody has to.
    return alert(
      'RotationFailed',
      failed.retryable ? ['failed'] : ['failed-for-good', 'failed'],
      failedNotice(story, failed),
    );
  },
  VerificationFailed: (story, key) =>
    story.refused && isRefused(story)
      ? alert('VerificationFailed', [`VerificationFailed#${key}`], refusedNotice(story, story.refused))
      : undefined,
  RetirementHeld: (story) =>
    story.held && isHeld(story)
      ? alert('RetirementHeld', [heldId(story.held)], heldNotice(story, story.held))
      : undefined,
};

// Once per key and reason; once more for the deletion than for the switching off, and once more when the key has become too old. One change may leave
// more keys than one behind.
function heldId({ versionId, reason, step, overMaxGrace }: NonNullable<Story['held']>): string {
  return ['RetirementHeld', reason]
    .concat(step === 'delete' ? [step] : [], overMaxGrace ? ['over'] : [], versionId ?? [])
    .join('#');
}

// Heard of so late that its promise about the old key is history: the story as a whole is what is true.
function changeTelling(story: Story, rotated: NonNullable<Story['rotated']>, key: string): Announcement {
  const isOver = isOvertaken(story);
  const isHistory = isOver || story.disabled !== undefined || story.retired !== undefined;
  const notice = isHistory ? storyNotice(story) : rotatedNotice(story, rotated);
  return { ...progress('SecretRotated', key, notice), mail: !isOver };
}

function progress(fact: NotifiedType, key: string, notice: Notice): Announcement {
  return { ids: [`${fact}#${key}`], fact, alert: false, mail: false, notice };
}

function alert(fact: NotifiedType, ids: Announcement['ids'], notice: Notice): Announcement {
  return { ids, fact, alert: true, mail: true, notice };
}
