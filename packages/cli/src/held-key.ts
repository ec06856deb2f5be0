import type { Superseded } from '@keyturn/aws/supersession';

/** By intention: it goes on by itself, or when a person says so. */
const intended: ReadonlySet<string> = new Set([
  'observe-only',
  'not-approved',
  'still-read',
  'still-used',
  'not-adopted',
]);

/** Whether somebody has to look at a key that is held. */
export function isProblem(held: NonNullable<Superseded['held']>): boolean {
  return held.overMaxGrace || !intended.has(held.reason);
}

/** Why a key is held, in words; the reason itself where it says enough. */
export function whyHeld({ held, stage }: Superseded, name: string): string | undefined {
  if (held === null) return undefined;
  const over = held.overMaxGrace ? ', longer than maxGrace' : '';
  switch (held.reason) {
    case 'not-approved':
      return `not-approved (keyturn approve ${name}: then it is ${stage === 'disabled' ? 'deleted' : 'switched off'})`;
    case 'still-read':
      return `still-read (somebody read that version after it was superseded${over})`;
    case 'still-used':
      return `still-used (the provider says that it was used${over})`;
    case 'not-adopted':
      return `not-adopted (a reader has not said that it uses a newer version${over})`;
    case 'key-rejected':
      return `key-rejected (the current key is refused; keyturn rollback ${name} tells whether the one before can be put back)`;
    default:
      return held.reason;
  }
}
