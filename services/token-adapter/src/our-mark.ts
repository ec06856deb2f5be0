import type { TokenConfig } from '@keyturn/config/config';
import { placeholdersOf } from '@keyturn/config/token-text';
import { ownership, parseOurMark } from '@keyturn/rotation/mark';

import type { TokenKey } from './token-key.ts';

/** It bears the mark of another secret or installation, or of a stranger. */
export const isForeign = ({ label }: TokenKey, mark: string): boolean =>
  !['unmarked', 'this-secret'].includes(ownership(label.mark, parseOurMark(mark)));

export const isOurs = ({ label }: TokenKey, mark: string): boolean =>
  ownership(label.mark, parseOurMark(mark)) === 'this-secret';

/** Keys have a label, and it is written when one is made, or later. */
export function bearsMarks({ key, requests }: Pick<TokenConfig, 'key' | 'requests'>): boolean {
  if (key.label === undefined) return false;
  const making = [requests.create, requests.replace];
  return requests.label !== undefined || making.some((request) => placeholdersOf(request).includes('label'));
}
