import type { Story } from './story.ts';

/** What a story has come to; what is urgent comes before what is over. */
export type StoryState =
  | 'refused'
  | 'failed'
  | 'overtaken'
  | 'held'
  | 'retired'
  | 'disabled'
  | 'rotated'
  | 'adopted'
  | 'reaped'
  | 'overdue'
  | 'found'
  | 'restored'
  | 'verified';

export function stateOf(story: Story): StoryState {
  if (isRefused(story)) return 'refused';
  if (isFailed(story)) return 'failed';
  if (story.retired !== undefined && !isHeld(story)) return 'retired';
  if (isOvertaken(story)) return 'overtaken';
  if (isHeld(story)) return 'held';
  const last = (['disabled', 'rotated', 'adopted', 'reaped', 'overdue', 'found', 'restored'] as const).find(
    (fact) => story[fact] !== undefined,
  );
  return last ?? 'verified';
}

/** Whether the people of the secret should look at it. */
export function isAlarming(story: Story): boolean {
  return ['refused', 'failed', 'held', 'overdue', 'found'].includes(stateOf(story));
}

/** Whether something is wrong that lasts until somebody mends it, or until it is over: as long as that an alert elsewhere stays open. */
export function needsSomebody(story: Story): boolean {
  const { held, overtaken } = story;
  return isRefused(story) || isFailed(story) || (held !== undefined && isHeld(story) && !isAfter(overtaken, held));
}

export function isRefused({ refused, verified, overtaken }: Story): boolean {
  return refused !== undefined && !isAfter(verified, refused) && !isAfter(overtaken, refused);
}

/** A rotation that went through is not failed, however many tries it took and in whatever order they are heard of. */
export function isFailed({ failed, rotated, overtaken }: Story): boolean {
  return failed !== undefined && rotated === undefined && !isAfter(overtaken, failed);
}

export function isOvertaken({ overtaken, rotated, failed }: Story): boolean {
  return overtaken !== undefined && overtaken.at >= (rotated ?? failed ?? overtaken).at;
}

export function isHeld({ held, disabled, retired }: Story): boolean {
  if (held === undefined || (retired !== undefined && isSameKey(retired, held))) return false;
  return !(disabled !== undefined && isSameKey(disabled, held) && isAfter(disabled, held));
}

type OfKey = { readonly versionId?: string | undefined };

function isSameKey(one: OfKey, other: OfKey): boolean {
  return one.versionId === undefined || other.versionId === undefined || one.versionId === other.versionId;
}

function isAfter(fact: { at: number } | undefined, other: { at: number }): boolean {
  return fact !== undefined && fact.at >= other.at;
}
