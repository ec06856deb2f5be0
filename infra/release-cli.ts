import { join } from 'node:path';

import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** The command line in one file, for any Node from 20.19 on and nothing else. */
export async function bundleCli(to: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'packages/cli/src/main.ts')],
    outfile: to,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: [
        '#!/usr/bin/env node',
        // The client warns on Node 20 that its later versions will not run there; this file keeps the version that it has.
        "process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';",
        "import { createRequire as __createRequire } from 'node:module';const require=__createRequire(import.meta.url);",
      ].join('\n'),
    },
  });
}
