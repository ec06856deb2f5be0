import { PermanentError } from '@keyturn/rotation/errors';
import type * as z from 'zod';

import { checkConfig } from './check-config.ts';
import { configSchema, type Config } from './config.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Problem } from './problem.ts';
import { without } from './without.ts';

/** A configuration, or all that is wrong with it. Never a value: people paste secrets into configuration. */
export type Findings =
  | { readonly config: Config; readonly problems: readonly [] }
  | { readonly config: undefined; readonly problems: readonly Problem[] };

/**
 * Every mistake of every kind at once: what the schema refuses, and what the rest then says about references, addresses and times. What is
 * itself wrong is left out of the second look, and so is whatever refers to it.
 */
export function findProblems(text: string): Findings {
  try {
    return findProblemsIn(parseYaml(text));
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { config: undefined, problems: [{ field: error.field ?? 'the file', message: error.message }] };
  }
}

/** The same for a document that was YAML. */
export function findProblemsIn(given: unknown): Findings {
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) {
    const found = parsed.error.issues.flatMap(problemsOf);
    return { config: undefined, problems: [...found, ...furtherProblems(given, parsed.error.issues)] };
  }
  const problems = [...checkConfig(parsed.data)];
  return problems.length === 0 ? { config: parsed.data, problems: [] } : { config: undefined, problems };
}

type Issues = readonly z.core.$ZodIssue[];

function furtherProblems(given: unknown, issues: Issues): readonly Problem[] {
  const left: string[] = [];
  let rest = given;
  // Each round takes something away; a configuration without its wrong parts is reached in a few.
  for (let round = 0, wrong = issues; round < 10; round += 1) {
    for (const path of wrong.flatMap(pathsOf)) {
      const pruned = without(rest, path);
      rest = pruned.rest;
      left.push(pruned.left);
    }
    const parsed = configSchema.safeParse(rest);
    if (parsed.success) return [...checkConfig(parsed.data)].filter((problem) => isSound(problem, left));
    wrong = parsed.error.issues;
  }
  return [];
}

function pathsOf(issue: Issues[number]): readonly (readonly string[])[] {
  const at = issue.path.map(String);
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...at, key]) : [at];
}

// Something that is not found may be what was left out.
const references: readonly (readonly [RegExp, string])[] = [
  [/^there is no reader/, 'readers'],
  [/^is none of providers/, 'providers'],
  [/^needs notifications/, 'notifications'],
  [/^there is no notifications/, 'notifications'],
  [/^has no address/, 'routes'],
];

function isSound({ field, message }: Problem, left: readonly string[]): boolean {
  const about = references.find(([form]) => form.test(message))?.[1];
  return !left.some((path) => field === path || field.startsWith(`${path}.`) || path.split('.')[0] === about);
}

function problemsOf(issue: Issues[number]): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return pathsOf(issue).map((path) => ({ field: path.join('.'), message: 'there is no such field' }));
  }
  const field = issue.path.map(String).join('.') || 'the file';
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [{ field, message: missing ? 'is missing' : issue.message }];
}
