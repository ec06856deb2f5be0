import { writeFileSync } from 'node:fs';

import { configJsonSchema } from './json-schema.ts';

/** `npx -y pnpm@12 exec node packages/config/src/write-schema.ts` writes config/schema.json anew. */
const path = new URL('../../../config/schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
