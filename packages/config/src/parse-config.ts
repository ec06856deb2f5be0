import { PermanentError } from '@keyturn/rotation/errors';
import type * as z from 'zod';

import { checkConfig } from './check-config.ts';
import { configSchema, type Config } from './config.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Problem } from './problem.ts';

/**
 * The configuration of a stage from its YAML. Throws PermanentError('misconfigured') that lists every problem and whose `field` is the first;
 * it names fields, ids and durations, never another value.
 */
export function parseConfig(text: string): Config {
  const parsed = configSchema.safeParse(parseYaml(text));
  const problems = parsed.success ? [...checkConfig(parsed.data)] : parsed.error.issues.flatMap(problemsOf);
  if (parsed.success && problems.length === 0) return parsed.data;
  const lines = problems.map(({ field, message }) => `${field}: ${message}`);
  throw new PermanentError('misconfigured', `The configuration is refused.\n${lines.join('\n')}`, {
    field: problems[0]?.field,
  });
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const at = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: [...at, key].join('.'), message: 'there is no such field' }));
  }
  return [{ field: at.join('.') || 'the file', message: issue.message }];
}
