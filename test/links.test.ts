import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { root } from './source-files.ts';

const pages = globSync('**/*.md', { cwd: root, exclude: ['**/node_modules/**', '.release/**', '.serverless/**'] });
const read = (page: string) => readFileSync(join(root, page), 'utf8');

/** What is shown as it stands, and links nowhere. */
const withoutCode = (text: string) => text.replace(/^ *```[\s\S]*?^ *```$/gm, '').replaceAll(/`[^`\n]+`/g, '');

// As GitHub makes them: https://docs.github.com/get-started/writing-on-github (section links).
function anchorsOf(page: string): ReadonlySet<string> {
  const text = read(page).replace(/^ *```[\s\S]*?^ *```$/gm, '');
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What is wrong with a link of a page; undefined: nothing. Other sites are not asked. */
function wrong(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, target))) return `${link}: there is no such file`;
  if (anchor === undefined) return undefined;
  if (statSync(join(root, target)).isDirectory() || !anchorsOf(target).has(anchor))
    return `${link}: there is no such heading`;
  return undefined;
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);

  expect(links.flatMap((link) => wrong(page, link) ?? [])).toEqual([]);
});

test.each(pages)('every file that %s names is there', (page) => {
  const named = [
    ...read(page).matchAll(
      /`((?:config|docs|events|examples|infra|packages|sandbox|services|test)\/[\w./-]+\.(?:md|ts|cjs|ya?ml|json))`/g,
    ),
  ].map(([, file = '']) => file);

  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
