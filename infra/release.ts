import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import type { Config } from '@keyturn/config/config';

import { bundleCli } from './release-cli.ts';
import { releaseReadme } from './release-readme.ts';
import { releaseTemplate } from './release-template.ts';

export type Release = {
  /** Where osls packaged. */
  readonly packaged: string;
  readonly to: string;
  readonly config: Config;
  readonly configFile: string;
  readonly version: string;
  readonly tell: (line: string) => void;
};

/** Writes a folder that is deployed without this repository: template, zips, command line, configuration, checksums. It needs no account. */
export async function writeRelease({ packaged, to, config, configFile, version, tell }: Release): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(join(to, 'functions'), { recursive: true });
  const prefix = `keyturn/${version}`;
  const zips = copyZips(packaged, join(to, 'functions'));
  const source: unknown = JSON.parse(readFileSync(join(packaged, 'cloudformation-template-update-stack.json'), 'utf8'));
  const template = releaseTemplate(source, { prefix, zip: (name) => zips.get(name) ?? missing(name) });
  writeFileSync(join(to, 'template.json'), `${JSON.stringify(template, null, 1)}\n`);
  writeFileSync(join(to, 'README.md'), releaseReadme(config, version, prefix));
  copyFileSync(configFile, join(to, 'keyturn.yaml'));
  await bundleCli(join(to, 'keyturn.mjs'));
  writeBillOfMaterials(join(to, 'sbom.cdx.json'), tell);
  writeFileSync(join(to, 'SHA256SUMS'), checksums(to));
  tell(`Release of ${config.stage} ${version}: ${zips.size} functions, README.md in ${to} says how to deploy it`);
}

/** Zips by content: CloudFormation replaces a function when its zip has another name, and leaves it alone when it has not. */
function copyZips(from: string, to: string): ReadonlyMap<string, string> {
  const names = readdirSync(from).filter((name) => name.endsWith('.zip'));
  return new Map(
    names.map((name) => {
      const hashed = name.replace(/\.zip$/, `-${sha256(join(from, name)).slice(0, 16)}.zip`);
      copyFileSync(join(from, name), join(to, hashed));
      return [name, hashed];
    }),
  );
}

/** By the package manager, from the lockfile: it is on the path of every script. Where it is not, the release does without, and says so. */
function writeBillOfMaterials(to: string, tell: (line: string) => void): void {
  const options = [
    '--prod',
    '--lockfile-only',
    '--sbom-format',
    'cyclonedx',
    '--sbom-type',
    'application',
    '--out',
    to,
  ];
  const { status } = spawnSync('pnpm', ['sbom', ...options], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
  });
  if (status !== 0) tell('No sbom.cdx.json: pnpm did not write one');
}

function checksums(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).toSorted();
  return paths.map((path) => `${sha256(join(folder, path))}  ${path}\n`).join('');
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function missing(zip: string): never {
  throw new Error(`The template names ${zip}, which was not packaged`);
}
