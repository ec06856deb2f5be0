import { PermanentError } from '@keyturn/rotation/errors';
import type { ZodType } from 'zod';

import type { LedgerKey } from './ledger.ts';

/** The value of a row from its text. PermanentError('malformed') names the row and the path, never what stands there. */
export function parseRow<T>(text: string, schema: ZodType<T>, { partition, row }: LedgerKey): T {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new PermanentError('malformed', `The ledger's row ${partition} ${row} cannot be read: ${path || 'value'}`, {
    field: path || 'value',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
