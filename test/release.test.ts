import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseConfig } from '@keyturn/config/parse-config';
import { afterAll, expect, test } from 'vitest';

import { readZip } from '../infra/read-zip.ts';
import { writeRelease } from '../infra/release.ts';
import { everythingOn } from './everything-on.ts';
import { root } from './source-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-release-'));
const everything = everythingOn();
const config = readFileSync(everything.file, 'utf8');
afterAll(() => {
  everything.remove();
  rmSync(folder, { recursive: true });
});

/** As `pnpm package` does it: with every function bundled, and loaded from its zip. */
const packaged = join(folder, 'package');
const osls = spawnSync(
  process.execPath,
  [join(root, 'node_modules/serverless/bin/serverless.js'), 'package', '--package', packaged],
  { cwd: root, env: { ...process.env, KEYTURN_CONFIG: everything.file }, encoding: 'utf8' },
);
const release = join(folder, 'release');
const told: string[] = [];
await writeRelease({
  packaged,
  to: release,
  config: parseConfig(config),
  configFile: everything.file,
  version: '1.2.3',
  tell: (line) => told.push(line),
});

type Code = { readonly S3Bucket: unknown; readonly S3Key: { readonly 'Fn::Sub': string } };
const text = readFileSync(join(release, 'template.json'), 'utf8');
const template = JSON.parse(text) as {
  Parameters: Record<string, { Default?: string | number }>;
  Resources: Record<string, { Type: string; Properties: { FunctionName: string; Code: Code } }>;
  Outputs: Record<string, unknown>;
};
const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
const zipOf = ({ Properties: { Code } }: (typeof functions)[number]): string =>
  Code.S3Key['Fn::Sub'].replace('${ArtifactPrefix}/', '');

test('every function of the template is a zip of the release, and every zip is a function', () => {
  expect(osls.stderr).toContain('keyturn-prod-partner-retire loads');
  expect(osls.status).toBe(0);
  expect(functions.map(zipOf).toSorted()).toEqual(readdirSync(join(release, 'functions')).toSorted());
  expect(functions.map(({ Properties }) => Properties.Code.S3Bucket)).toEqual(
    functions.map(() => ({ Ref: 'ArtifactBucket' })),
  );
  expect(functions.length).toBe(7 + 5 * 2);
});

test('the template is complete by itself: nothing of osls is left, every name in it is defined', () => {
  expect(text).not.toMatch(/ServerlessDeploymentBucket|\$\{(self|sls|file|opt|env)[:(]/);
  // The script of a document is no template: what it calls ${…} are its own variables.
  const withoutScripts = JSON.stringify(
    template,
    (_, value: { Type?: string }) => (value?.Type === 'AWS::SSM::Document' ? undefined : value),
    1,
  );
  const names = [...withoutScripts.matchAll(/"Ref": "(\w+)"|"Fn::GetAtt": \[\s*"(\w+)"|\$\{(\w+)[.}]/g)].map(
    ([, ref, attribute, sub]) => ref ?? attribute ?? sub!,
  );
  const defined = new Set([...Object.keys(template.Parameters), ...Object.keys(template.Resources)]);
  expect([...new Set(names)].filter((name) => !defined.has(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(100);
});

test('only the bucket has to be said to deploy it', () => {
  const open = Object.entries(template.Parameters).filter(([, { Default }]) => Default === undefined);

  expect(open.map(([name]) => name)).toEqual(['ArtifactBucket']);
  expect(template.Parameters['ArtifactPrefix']).toMatchObject({ Default: 'keyturn/1.2.3' });
  expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
});

test('every zip holds the configuration, which lies outside of the repository, where its function looks for it', () => {
  for (const fn of functions) {
    const files = readZip(readFileSync(join(release, 'functions', zipOf(fn))));

    expect(files.get(everything.file.slice(1))?.toString('utf8'), fn.Properties.FunctionName).toBe(config);
  }
});

test('the command line runs by itself, on the Node that its reader has', () => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [join(release, 'keyturn.mjs'), ...words], { cwd: folder, env: {}, encoding: 'utf8' });

  expect(run('--help')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('adopt') as string });
  expect(run('nonsense').status).toBe(2);
});

test('the page says the commands with the bucket, the tags and the parameters of this stage', () => {
  const page = readFileSync(join(release, 'README.md'), 'utf8');

  expect(page).toContain('aws s3 cp functions/ "s3://$BUCKET/keyturn/1.2.3/" --recursive');
  expect(page).toContain('--tags cost-centre=4711');
  for (const [name, { Default }] of Object.entries(template.Parameters)) {
    expect(page).toContain(`${name}=${name === 'ArtifactBucket' ? '"$BUCKET"' : Default}`);
  }
});

test('the checksums are those of all files, the bill of materials is there or somebody said that it is not', () => {
  const lines = readFileSync(join(release, 'SHA256SUMS'), 'utf8').trim().split('\n');
  const files = readdirSync(release, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const wrong = lines.filter((line) => {
    const [sum, path = ''] = line.split('  ');
    return (
      createHash('sha256')
        .update(readFileSync(join(release, path)))
        .digest('hex') !== sum
    );
  });

  expect(wrong).toEqual([]);
  expect(lines.length).toBe(files.length - 1);
  expect(lines.some((line) => line.endsWith('  sbom.cdx.json')) || told.some((line) => line.includes('sbom'))).toBe(
    true,
  );
});
