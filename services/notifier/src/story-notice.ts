import { failedNotice } from './alert-notices.ts';
import { heldNotice } from './held-notice.ts';
import { about, given, secretFacts, type Notice } from './notice.ts';
import { foundNotice, overdueNotice } from './overdue-notices.ts';
import { refusedNotice } from './refused-notice.ts';
import {
  adoptedNotice,
  reapedNotice,
  recoveredNotice,
  replacedKey,
  restoredNotice,
  rotatedNotice,
  verifiedNotice,
} from './rotation-notices.ts';
import { stateOf, type StoryState } from './story-state.ts';
import type { Story } from './story.ts';
import { utcTime } from './utc-time.ts';

/** How a whole story stands: the message at the head of its thread, whatever of it is known. */
export function storyNotice(story: Story): Notice {
  return notices[stateOf(story)](story) ?? historyNotice(story, endText(story));
}

const notices: Readonly<Record<StoryState, (story: Story) => Notice | undefined>> = {
  refused: (story) => story.refused && refusedNotice(story, story.refused),
  failed: (story) => story.failed && failedNotice(story, story.failed),
  overtaken: (story) => historyNotice(story, overtakenText(story)),
  held: (story) => story.held && heldNotice(story, story.held),
  retired: (story) => historyNotice(story, endText(story)),
  disabled: (story) => historyNotice(story, endText(story)),
  rotated: (story) => story.rotated && withCheck(story, rotatedNotice(story, story.rotated)),
  adopted: (story) => story.adopted && adoptedNotice(story, story.adopted),
  reaped: reapedNotice,
  overdue: (story) => story.overdue && overdueNotice(story, story.overdue),
  found: (story) => story.found && foundNotice(story, story.found),
  restored: restoredNotice,
  verified: (story) => story.verified && currentNotice(story, story.verified),
};

/** The current key is accepted: for the first time, or again. */
export function currentNotice(story: Story, verified: NonNullable<Story['verified']>): Notice {
  return story.refused === undefined ? verifiedNotice(story, verified) : recoveredNotice(story, verified);
}

function withCheck(story: Story, notice: Notice): Notice {
  return { ...notice, lines: [...notice.lines, ...given(story.verified, checked), ...given(story.takenOver, taken)] };
}

function historyNotice(story: Story, what: string): Notice {
  const { secret, rotated } = story;
  return {
    tone: 'good',
    headline: about(secret, what),
    lines: history(story),
    facts: [
      ...secretFacts(secret),
      ...given(rotated?.nextRotationAt, (next) => ({ label: 'Next rotation', value: utcTime(next) })),
    ],
    link: { label: 'About key rotation', url: secret.runbookUrl },
  };
}

function endText(story: Story): string {
  const { rotated, disabled, retired } = story;
  const key = replacedKey(story);
  const before = rotated === undefined ? '' : `${changed[rotated.cause]}, `;
  if (retired !== undefined) return `${before}${key} deleted`;
  const until = disabled === undefined ? '' : `, to be deleted on ${utcTime(disabled.deleteAt)} at the earliest`;
  return `${before}${key} switched off${until}`;
}

function overtakenText({ rotated, failed }: Story): string {
  if (rotated !== undefined) return `${changed[rotated.cause]} on ${utcTime(rotated.at)}, and changed again since`;
  return failed === undefined
    ? 'the secret has changed since'
    : 'resolved, a rotation failed and a later one went through';
}

const changed: Readonly<Record<NonNullable<Story['rotated']>['cause'], string>> = {
  rotation: 'key rotated',
  rollback: 'rolled back',
  manual: 'secret changed by hand',
};

function history(story: Story): readonly string[] {
  const { failed, rotated, verified, takenOver, disabled, retired, overtaken } = story;
  const key = replacedKey(story);
  return [
    ...given(
      failed,
      ({ firstAt, count }) => `${utcTime(firstAt)}: the rotation failed${count > 1 ? ` (${count} times)` : ''}.`,
    ),
    ...given(rotated, ({ at, cause }) => `${utcTime(at)}: ${changed[cause]}.`),
    ...given(verified, checked),
    ...given(takenOver, taken),
    ...given(disabled, ({ at }) => `${utcTime(at)}: the ${key} was switched off.`),
    ...given(retired, ({ at }) => `${utcTime(at)}: the ${key} was deleted. Nothing is left to do.`),
    ...given(overtaken, ({ at }) => `${utcTime(at)}: the secret changed again; a newer message tells about it.`),
  ];
}

function checked({ at }: { at: number }): string {
  return `${utcTime(at)}: the key in the secret was checked and is accepted.`;
}

function taken({ at }: { at: number }): string {
  return `${utcTime(at)}: the key that was put in by hand was adopted, Keyturn rotates it from now on.`;
}
