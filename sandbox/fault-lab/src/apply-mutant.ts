import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

import type { Mutant } from './mutants.ts';

const root = new URL('../../../', import.meta.url);
const hrefOf = (file: string): string => new URL(file, root).href;

/**
 * From now on this thread loads the sources without the safeguards of these mutants. Nothing of Keyturn may have been imported before: what is loaded
 * stays as it is. Answers what has not been loaded yet, as paths in the repository.
 */
export function loadMutated(mutants: readonly Mutant[]): () => readonly string[] {
  const missing = new Set(filesOf(mutants));
  const files = new Map([...missing].map((file) => [hrefOf(file), file]));
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const file = files.get(url);
      if (file === undefined) return loaded;
      missing.delete(file);
      return { ...loaded, source: mutate(readFileSync(new URL(url), 'utf8'), file, mutants) };
    },
  });
  return () => [...missing];
}

/** Throws where an edit of a mutant does not apply: the source has changed since, and the mutant with it. */
export function applyToSources(mutant: Mutant): void {
  for (const file of filesOf([mutant])) mutate(readFileSync(new URL(file, root), 'utf8'), file, [mutant]);
}

function filesOf(mutants: readonly Mutant[]): readonly string[] {
  return [...new Set(mutants.flatMap(({ edits }) => edits.map(({ file }) => file)))];
}

function mutate(source: string, file: string, mutants: readonly Mutant[]): string {
  return mutants.reduce((text, { id, edits }) => {
    return edits
      .filter((edit) => edit.file === file)
      .reduce((now, { find, replace }) => {
        const parts = now.split(find);
        if (parts.length !== 2) {
          throw new Error(
            `Bring mutant ${id} up to date: ${file} has ${parts.length - 1} times what it removes: ${find.slice(0, 80)}`,
          );
        }
        return parts.join(replace);
      }, text);
  }, source);
}
