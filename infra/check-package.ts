import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import * as z from 'zod';

import { readZip } from './read-zip.ts';

const lambda = z.object({
  Type: z.literal('AWS::Lambda::Function'),
  Properties: z.object({
    FunctionName: z.string(),
    Handler: z.string(),
    Code: z.object({ S3Key: z.string() }),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  }),
});
type Lambda = z.output<typeof lambda>['Properties'];

// The message alone: an uncaught error would print the line of the bundle where it was thrown, which is most of it.
const loader = `
  try {
    const module = await import(process.argv[1]);
    if (typeof module[process.argv[2]] !== 'function') throw new Error('it does not export ' + process.argv[2]);
    process.exit(0);
  } catch (error) {
    process.stdout.write(String(error), () => process.exit(1));
  }`;

/**
 * Loads every packaged function as Lambda would: from its zip alone, with the environment the template gives it, in a process of its own. What
 * is missing in a bundle, or in the environment, shows here and not on the first call.
 */
export function checkPackage(folder: string, tell: (line: string) => void): void {
  const templateFile = join(folder, 'cloudformation-template-update-stack.json');
  const { Resources: resources } = z
    .object({ Resources: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync(templateFile, 'utf8')));
  const functions = Object.values(resources).flatMap((resource) => {
    const parsed = lambda.safeParse(resource);
    return parsed.success ? [parsed.data.Properties] : [];
  });
  for (const packaged of functions) {
    const archive = readFileSync(join(folder, basename(packaged.Code.S3Key)));
    load(packaged, readZip(archive));
    tell(`${packaged.FunctionName} loads (${Math.round(archive.length / 1024)} KiB)`);
  }
  if (functions.length === 0) throw new Error('No function was packaged');
}

function load({ FunctionName, Handler, Environment }: Lambda, files: ReadonlyMap<string, Buffer>): void {
  const task = mkdtempSync(join(tmpdir(), 'keyturn-package-'));
  try {
    for (const [name, content] of files) {
      mkdirSync(dirname(join(task, name)), { recursive: true });
      writeFileSync(join(task, name), content);
    }
    const [module = '', exported = ''] = Handler.split(/\.(?=\w+$)/);
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', loader, join(task, `${module}.mjs`), exported],
      { cwd: task, env: { AWS_REGION: 'eu-central-1', ...environment(Environment.Variables) }, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`${FunctionName} does not load: ${stdout}`);
  } finally {
    rmSync(task, { recursive: true });
  }
}

/** What CloudFormation fills in at deployment, a name or a URL, is any text here. */
function environment(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : 'https://example.com']),
  );
}
