import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type SourceFile = { readonly path: string; readonly text: string };
/** A workspace package: its folder, its name, and what its package.json lets it import. */
export type Package = {
  readonly folder: string;
  readonly name: string;
  readonly dependencies: readonly string[];
};

type Manifest = { readonly name: string; readonly dependencies?: Readonly<Record<string, string>> };

export const root = join(import.meta.dirname, '..');

export function sourceFiles(): readonly SourceFile[] {
  const patterns = ['{events,infra,test}/**/*.{ts,cjs}', '{packages,services,sandbox}/*/src/**/*.ts'];
  return globSync(patterns, { cwd: root, exclude: ['**/node_modules/**'] }).map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
}

export function workspacePackages(): readonly Package[] {
  return globSync(['events/package.json', '{packages,services,sandbox}/*/package.json'], { cwd: root }).map((path) => {
    const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
    const { name, dependencies = {} } = manifest;
    return { folder: path.replace(/\/package\.json$/, ''), name, dependencies: Object.keys(dependencies) };
  });
}

const specifiers = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|\brequire\(\s*)(['"])([^'"]+)\1/g;

/** Everything a file imports, types and dynamic imports of a literal too. */
export function imports({ text }: SourceFile): readonly string[] {
  return [...text.matchAll(specifiers)].map((match) => match[2] ?? '');
}

/** A file and everything of its own package that it imports, however indirectly: what ships. */
export function reachable(entry: string, files: readonly SourceFile[]): readonly SourceFile[] {
  const found = new Map<string, SourceFile>();
  const visit = (path: string): void => {
    const file = files.find((candidate) => candidate.path === path);
    if (file === undefined || found.has(path)) return;
    found.set(path, file);
    for (const specifier of imports(file)) {
      if (specifier.startsWith('.')) visit(join(dirname(path), specifier));
    }
  };
  visit(entry);
  return [...found.values()];
}
