import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { median } from './throughput.ts';

export type Bundle = {
  readonly bundle: string;
  readonly minified: number;
  readonly gzip: number;
  /** Of the whole bundle, the SDK left out, beyond that of an empty module, in milliseconds. */
  readonly importMs: number;
};

const run = promisify(execFile);
const imports = 25;

/** All entry points but `/testing`, which is for an application's tests. */
const everything = [
  '',
  '/schema',
  '/diagnostics',
  '/abortable',
  '/preload',
  '/bridge',
  '/lambda',
  '/rotation-events',
  '/env',
  '/middy',
  '/sdk-source',
  '/local-sources',
  '/failover-source',
  '/keep-fresh',
  '/secrets-manager',
  '/acknowledge',
];

const entries: Readonly<Record<string, string>> = {
  'an empty module': 'export {};',
  '@keyturn/client, core': `export { createSecrets } from '@keyturn/client';`,
  '@keyturn/client, everything': everything.map((entry) => `export * from '@keyturn/client${entry}';`).join('\n'),
  'powertools getSecret': `export { getSecret } from '@aws-lambda-powertools/parameters/secrets';`,
  'middy core and secrets-manager': `export { default as middy } from '@middy/core'; export { default } from '@middy/secrets-manager';`,
};

/** What a handler pays for: size with the SDK left out, and the time to import it. */
export async function bundles(): Promise<readonly Bundle[]> {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-bench-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const built = [];
  for (const [n, [bundle, contents]] of Object.entries(entries).entries()) {
    const outfile = join(folder, `${n}.js`);
    const stub = join(folder, 'sdk.js');
    await writeFile(
      stub,
      'export class SecretsManagerClient {} export class GetSecretValueCommand {} export class ResourceNotFoundException {} export class DescribeSecretCommand {}',
    );
    await build({
      stdin: { contents, resolveDir: import.meta.dirname },
      bundle: true,
      minify: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      external: ['@aws-sdk/*', '@smithy/*'],
      outfile,
    });
    const text = await readFile(outfile);
    // The SDK costs all alike, so it is not there when the time is taken.
    await writeFile(outfile, text.toString().replaceAll(/"@aws-sdk\/[\w-]+"/g, '"./sdk.js"'));
    built.push({ bundle, outfile, minified: text.length, gzip: gzipSync(text, { level: 9 }).length });
  }
  const times = built.map((): number[] => []);
  for (let n = 0; n < imports; n++) {
    for (const [k, { outfile }] of built.entries()) times[k]?.push(await importMs(outfile));
  }
  const [empty = 0, ...rest] = times.map(median);
  return built.map(({ bundle, minified, gzip }, k) => {
    const beyond = k === 0 ? 0 : (rest[k - 1] ?? 0) - empty;
    return { bundle, minified, gzip, importMs: Math.round(beyond * 100) / 100 };
  });
}

async function importMs(file: string): Promise<number> {
  const code = `const s = performance.now(); await import(${JSON.stringify(file)}); console.log(performance.now() - s);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code]);
  return Number(stdout);
}
