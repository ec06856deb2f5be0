import { readFileSync } from 'node:fs';

import type { Config } from '@keyturn/config/config';
import { parseConfig } from '@keyturn/config/parse-config';
import { PermanentError } from '@keyturn/rotation/errors';

/** The configuration at `path` (KEYTURN_CONFIG), read once at start. */
export function loadConfig(path: string): Config {
  return parseConfig(read(path));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PermanentError('misconfigured', `The configuration cannot be read: ${path}`, {
      field: 'KEYTURN_CONFIG',
      cause,
    });
  }
}
