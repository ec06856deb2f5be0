import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { buildSync, transformSync } from 'esbuild';
import * as z from 'zod';

const root = join(import.meta.dirname, '..');
const source = join(root, 'packages/client');
const engines = '>=20.19';

/**
 * Makes the folder that is published: ES modules and CommonJS, each with its types. Lambda cannot `require` an ES module on Node 20 and 22. Minified, since a function
 * without a bundler loads it as it is; what entry points share is in chunks, so that each is loaded once.
 */
function buildClient(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const files = globSync('src/*.ts', { cwd: source }).filter((file) => !/\.test\.ts$|fake-runtime/.test(file));
  const target = { target: 'node20', platform: 'node', minify: true } as const;
  const { outputFiles } = buildSync({
    entryPoints: Object.values(read(join(source, 'package.json')).exports),
    absWorkingDir: source,
    outdir: 'src',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    write: false,
    ...target,
  });
  for (const format of ['esm', 'cjs'] as const) {
    const out = join(folder, format);
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'package.json'), json({ type: format === 'esm' ? 'module' : 'commonjs' }));
    for (const { path, text } of outputFiles) {
      const code = format === 'esm' ? text : transformSync(text, { format, ...target }).code;
      writeFileSync(join(out, basename(path)), code);
    }
    declare(files, out);
  }
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  cpSync(join(source, 'README.md'), join(folder, 'README.md'));
  writeFileSync(join(folder, 'package.json'), json(manifest()));
}

function declare(files: readonly string[], out: string): void {
  const config = join(out, 'tsconfig.json');
  writeFileSync(
    config,
    json({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rewriteRelativeImportExtensions: true,
        rootDir: join(source, 'src'),
        outDir: out,
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
      },
      files: files.map((file) => join(source, file)),
    }),
  );
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { stdio: 'inherit' });
  rmSync(config);
  for (const file of globSync(join(out, '*.d.ts'))) {
    const text = readFileSync(file, 'utf8').replaceAll(/((?:from|import\() ?['"]\.\/[\w-]+)\.ts(['"])/g, '$1.js$2');
    writeFileSync(file, text);
  }
}

function manifest(): object {
  const { name, exports, peerDependencies, peerDependenciesMeta } = read(join(source, 'package.json'));
  const { version, license } = read(join(root, 'package.json'));
  const conditions = (path: string) => {
    const file = basename(path).replace(/\.ts$/, '');
    const of = (format: string) => ({ types: `./${format}/${file}.d.ts`, default: `./${format}/${file}.js` });
    return { import: of('esm'), require: of('cjs') };
  };
  return {
    name,
    version,
    license,
    description: 'Reads secrets of AWS Secrets Manager, and never notices their rotation',
    type: 'module',
    sideEffects: false,
    engines: { node: engines },
    exports: Object.fromEntries(Object.entries(exports).map(([entry, path]) => [entry, conditions(path)])),
    peerDependencies,
    peerDependenciesMeta,
  };
}

const manifestSchema = z.object({
  name: z.string(),
  version: z.string().default(''),
  license: z.string().default(''),
  exports: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
  peerDependenciesMeta: z.record(z.string(), z.unknown()).default({}),
});
const read = (file: string) => manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

buildClient(resolve(process.argv[2] ?? join(root, '.release/client')));
