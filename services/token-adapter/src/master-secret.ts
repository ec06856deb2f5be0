import type { SecretReader } from '@keyturn/aws/secret-store';
import { jsonOf } from '@keyturn/http/parse-answer';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import type { Value } from './fill-template.ts';

const printable = z.string().min(1);
const fields = z.record(z.string(), z.union([printable, z.number().transform(String)]).catch(''));

/**
 * What the placeholders `names` stand for: {master.field} is a field of the secret's JSON, {master} all of it. PermanentError misconfigured names the
 * secret and the field that is missing, never a value.
 */
export async function readMaster(
  secrets: Pick<SecretReader, 'value'>,
  secretName: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Value>> {
  const version = await secrets.value(secretName, { stage: 'AWSCURRENT' });
  if (version === undefined) throw unusable(secretName, 'holds nothing', 'adminSecret');
  const text = version.text.reveal();
  const parsed = fields.safeParse(jsonOf(version)?.value).data ?? {};
  return new Map(
    names.map((name) => {
      const field = name.slice('master.'.length);
      const value = name === 'master' ? text.trim() : Object.hasOwn(parsed, field) ? parsed[field] : undefined;
      if (value === undefined || value === '')
        throw unusable(secretName, `has no field ${field}`, field || 'adminSecret');
      return [name, value];
    }),
  );
}

function unusable(secretName: string, problem: string, field: string): PermanentError {
  return new PermanentError('misconfigured', `The master secret ${secretName} ${problem}`, { field });
}
