import { PermanentError } from '@keyturn/rotation/errors';
import { parseMark, type Mark } from '@keyturn/rotation/mark';

export function parseOurMark(mark: string): Mark {
  const parsed = parseMark(mark);
  if (parsed === undefined) throw new PermanentError('malformed', 'This is no mark of ours', { field: 'mark' });
  return parsed;
}
