import { ownership, type Mark } from '@keyturn/rotation/mark';

/** Same installation, same secret; whichever version. */
export function isOurs(raw: string | undefined, ours: Mark): boolean {
  return ownership(raw, ours) === 'this-secret';
}
