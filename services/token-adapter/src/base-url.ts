import { entry } from '@keyturn/config/entry';
import { PermanentError } from '@keyturn/rotation/errors';

/** The base URL that the configuration has under this id; hosts come from nowhere else. */
export function baseUrlOf(urls: Readonly<Record<string, string>>, id: string): string {
  const url = entry(urls, id);
  if (url === undefined) throw new PermanentError('misconfigured', `There is no URL ${id}`, { field: 'urls' });
  return url;
}
