import { join } from 'node:path';

import { writeRelease } from './release.ts';
import { configured, version } from './stage.ts';

/** `npx -y pnpm@12 package` runs it after osls: `.release/` from `.serverless/`. */
const root = join(import.meta.dirname, '..');
const { config, file } = configured();
await writeRelease({
  packaged: join(root, '.serverless'),
  to: join(root, '.release'),
  config,
  configFile: file,
  version: version(),
  tell: (line) => process.stdout.write(`${line}\n`),
});
