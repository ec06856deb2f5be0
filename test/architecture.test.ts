import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { imports, sourceFiles, workspacePackages, type Package, type SourceFile } from './source-files.ts';

type Repository = { readonly files: readonly SourceFile[]; readonly packages: readonly Package[] };
type Rule = {
  readonly rule: string;
  /** What breaks the rule, as `place → what`. */
  readonly broken: (repository: Repository) => readonly string[];
  /** A repository that breaks it, so that the rule is seen failing. */
  readonly planted: Partial<Repository>;
};

const within =
  (...folders: readonly string[]) =>
  ({ path }: { readonly path: string }): boolean =>
    folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
const isTest = ({ path }: SourceFile): boolean => /(\.test|\bconformance)\.ts$/.test(path) || path.startsWith('test/');
const ships = (file: SourceFile): boolean => within('events', 'packages', 'services')(file) && !isTest(file);

/** `@keyturn/aws/ledger` → the package's folder. */
const folderOf = (specifier: string, packages: readonly Package[]): string | undefined =>
  packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))?.folder;

function wrongImports(
  files: readonly SourceFile[],
  applies: (file: SourceFile) => boolean,
  wrong: (specifier: string, file: SourceFile) => boolean,
): readonly string[] {
  return files
    .filter(applies)
    .flatMap((file) =>
      imports(file).flatMap((specifier) => (wrong(specifier, file) ? [`${file.path} → ${specifier}`] : [])),
    );
}

function wrongDependencies(
  packages: readonly Package[],
  wrong: (from: string, to: string) => boolean,
): readonly string[] {
  return packages.flatMap(({ folder, dependencies }) =>
    dependencies.flatMap((dependency) => {
      const to = folderOf(dependency, packages);
      return to !== undefined && wrong(folder, to) ? [`${folder} → ${to}`] : [];
    }),
  );
}

/** The lower a folder, the less it may know: services → packages → events. */
const height = (folder: string): number => ['events', 'packages', 'services', 'sandbox'].indexOf(folder.split('/')[0]!);

const file = (path: string, text: string): SourceFile => ({ path, text });
const pack = (folder: string, ...dependencies: readonly string[]): Package => ({
  folder,
  name: `@keyturn/${folder.split('/').at(-1)}`,
  dependencies,
});

const rules: readonly Rule[] = [
  {
    rule: 'services talk by events and invokes: none depends on another',
    broken: ({ packages }) =>
      wrongDependencies(packages, (from, to) => from.startsWith('services/') && to.startsWith('services/')),
    planted: { packages: [pack('services/verifier', '@keyturn/cleanup'), pack('services/cleanup')] },
  },
  {
    rule: 'no service imports another, in tests neither',
    broken: ({ files, packages }) =>
      wrongImports(
        files,
        within('services'),
        (specifier, { path }) =>
          (folderOf(specifier, packages) ?? '').startsWith('services/') &&
          !within(folderOf(specifier, packages) ?? '')({ path }),
      ),
    planted: {
      files: [file('services/verifier/src/a.ts', `const x = await import('@keyturn/cleanup/fences');`)],
      packages: [pack('services/cleanup')],
    },
  },
  {
    rule: 'dependencies point downwards: services → packages → events',
    broken: ({ packages }) => wrongDependencies(packages, (from, to) => height(to) > height(from)),
    planted: { packages: [pack('packages/aws', '@keyturn/announcer'), pack('services/announcer')] },
  },
  {
    rule: 'no package depends on itself by way of others',
    broken: ({ packages }) => cycles(packages),
    planted: {
      packages: [pack('packages/a', '@keyturn/b'), pack('packages/b', '@keyturn/c'), pack('packages/c', '@keyturn/a')],
    },
  },
  {
    rule: 'the events know zod and nothing else',
    broken: ({ packages }) =>
      packages
        .filter(({ folder }) => folder === 'events')
        .flatMap(({ dependencies }) => dependencies.filter((name) => name !== 'zod')),
    planted: { packages: [pack('events', 'zod', '@keyturn/rotation')] },
  },
  {
    rule: 'the domain does no I/O',
    broken: ({ files }) =>
      wrongImports(
        files,
        (source) => within('packages/rotation')(source) && ships(source),
        (specifier) => !/^(\.|zod$|jsonc-parser$|node:(crypto|util)$)/.test(specifier),
      ),
    planted: { files: [file('packages/rotation/src/a.ts', `import { readFile } from 'node:fs/promises';`)] },
  },
  {
    rule: 'an adapter needs no AWS: the provider contract does not import @keyturn/aws',
    broken: ({ files }) =>
      wrongImports(files, within('packages/credential-provider'), (specifier) => specifier.startsWith('@keyturn/aws')),
    planted: {
      files: [file('packages/credential-provider/src/a.ts', `import type { Invoke } from '@keyturn/aws/invoke';`)],
    },
  },
  {
    rule: 'nothing that ships imports the sandbox',
    broken: ({ files, packages }) =>
      wrongImports(
        files,
        ships,
        (specifier) => specifier.includes('sandbox/') || (folderOf(specifier, packages) ?? '').startsWith('sandbox/'),
      ),
    planted: {
      files: [file('packages/aws/src/a.ts', `export { localAws } from '@keyturn/local-aws/local-aws';`)],
      packages: [pack('sandbox/local-aws')],
    },
  },
  {
    rule: "only packages/aws, the adapter whose provider is AWS and the client's own source import the AWS SDK, its types too",
    broken: ({ files }) =>
      wrongImports(
        files,
        (source) =>
          within('events', 'packages', 'services')(source) &&
          !within(
            'packages/aws',
            'packages/client/src/sdk-reader.ts',
            'packages/client/src/event-sender.ts',
            'packages/client/src/sources.test.ts',
            'packages/client/src/acknowledge.test.ts',
            'services/ssh-adapter/src/sdk-ssm.ts',
          )(source),
        (specifier, { path }) =>
          (specifier.startsWith('@aws-sdk/') || specifier.startsWith('@smithy/')) &&
          !(specifier === '@aws-sdk/client-api-gateway' && path.startsWith('services/apigateway-adapter/')),
      ),
    planted: {
      files: [file('services/notifier/src/a.ts', `import type { SESv2Client } from '@aws-sdk/client-sesv2';`)],
    },
  },
  {
    rule: 'what applications install depends on nothing: the client has no dependencies, and imports nothing of ours',
    broken: ({ files, packages }) => [
      ...packages.filter(({ folder }) => folder === 'packages/client').flatMap(({ dependencies }) => dependencies),
      ...wrongImports(
        files,
        (source) => within('packages/client')(source) && ships(source),
        (specifier) => !/^(\.\/|node:|@aws-sdk\/client-(secrets-manager|eventbridge)$)/.test(specifier),
      ),
    ],
    planted: {
      files: [file('packages/client/src/a.ts', `import { parseSecretArn } from '@keyturn/rotation/mark';`)],
      packages: [pack('packages/client', 'zod')],
    },
  },
  {
    rule: 'zod is imported as a namespace: `import { z }` brings every locale along',
    broken: ({ files }) =>
      files
        .filter(({ text }) => /^import\s*\{[^}]*\bz\b[^}]*\}\s*from\s*['"]zod['"]/m.test(text))
        .map(({ path }) => path),
    planted: { files: [file('events/src/a.ts', `import { z } from 'zod';`)] },
  },
  {
    rule: 'a package is entered by its name, not by a path out of another; tests may share what stands in test/',
    broken: ({ files, packages }) =>
      wrongImports(files, within('events', 'packages', 'services', 'sandbox'), (specifier, source) => {
        const target = { path: join(dirname(source.path), specifier) };
        const same = packages.some(({ folder }) => within(folder)(source) && within(folder)(target));
        return specifier.startsWith('.') && !same && !(isTest(source) && within('test')(target));
      }),
    planted: {
      files: [file('packages/http/src/a.ts', `import { errors } from '../../rotation/src/errors.ts';`)],
      packages: [pack('packages/http'), pack('packages/rotation')],
    },
  },
];

const cycles = (packages: readonly Package[]): readonly string[] =>
  packages.map(({ folder }) => folder).filter((folder) => dependsOn(folder, folder, packages));

function dependsOn(from: string, to: string, packages: readonly Package[], seen = new Set<string>()): boolean {
  const dependencies = packages.find(({ folder }) => folder === from)?.dependencies ?? [];
  return dependencies
    .map((dependency) => folderOf(dependency, packages))
    .some((next) => {
      if (next === undefined || next === to) return next === to;
      return !seen.has(next) && dependsOn(next, to, packages, seen.add(next));
    });
}

const repository: Repository = { files: sourceFiles(), packages: workspacePackages() };

test('the scan finds the repository', () => {
  expect(repository.packages.map(({ folder }) => folder)).toContain('services/rotation-handler');
  expect(repository.files.length).toBeGreaterThan(100);
  expect(repository.files.flatMap(imports)).toContain('@keyturn/aws/ledger');
});

describe.each(rules)('$rule', ({ broken, planted }) => {
  test('holds', () => {
    expect(broken(repository)).toEqual([]);
  });

  test('is noticed when it is broken', () => {
    expect(broken({ files: [], packages: [], ...planted })).not.toEqual([]);
  });
});
