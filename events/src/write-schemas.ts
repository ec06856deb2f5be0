import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import * as z from 'zod';

import { breakingChanges } from './breaking-changes.ts';
import { catalogue, heard } from './catalogue.ts';
import { eventJsonSchema } from './json-schema.ts';

/**
 * `npx -y pnpm@12 exec node events/src/write-schemas.ts` writes events/schemas anew. It refuses what breaks consumers (that is an event of
 * another name, published beside the old one) and a change without another schemaVersion.
 */
const titled = z.looseObject({ title: z.string() });

for (const event of [...catalogue, ...heard]) {
  const path = new URL(`../schemas/${event.type}.json`, import.meta.url);
  const schema = eventJsonSchema(event);
  const before = existsSync(path) ? titled.parse(JSON.parse(readFileSync(path, 'utf8'))) : schema;
  const problems = [...breakingChanges(before, schema)];
  if (before.title === schema.title && JSON.stringify(before) !== JSON.stringify(schema)) {
    problems.push('it changed, but its schemaVersion did not');
  }
  if (problems.length === 0) {
    writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
  } else {
    process.exitCode = 1;
    process.stderr.write(`${event.type} is not written: ${problems.join('; ')}\n`);
  }
}
