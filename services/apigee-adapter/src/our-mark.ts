import { PermanentError } from '@keyturn/rotation/errors';
import { ownership, parseMark, type Mark } from '@keyturn/rotation/mark';

export function parseOurMark(mark: string): Mark {
  const parsed = parseMark(mark);
  if (parsed === undefined) throw new PermanentError('malformed', 'This is no mark of ours', { field: 'mark' });
  return parsed;
}

/** Same installation, same secret; whichever version. */
export function isOurs(raw: string | undefined, ours: Mark): boolean {
  return ownership(raw, ours) === 'this-secret';
}
