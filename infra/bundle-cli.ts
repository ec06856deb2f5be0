import { join } from 'node:path';

import { build } from 'esbuild';

/** The command line as one file that runs on Node 20 by itself. */
export async function bundleCli(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, '../packages/cli/src/main.ts')],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';const require=__createRequire(import.meta.url);",
    },
  });
}
