import { PermanentError } from '@keyturn/rotation/errors';

import type { Config } from './config.ts';
import { findProblemsIn } from './find-problems.ts';
import { parseYaml } from './parse-yaml.ts';

/**
 * The configuration of a stage from its YAML. Throws PermanentError('misconfigured') that lists every problem and whose `field` is the first;
 * it names fields, ids and durations, never another value.
 */
export function parseConfig(text: string): Config {
  const { config, problems } = findProblemsIn(parseYaml(text));
  if (config !== undefined) return config;
  const lines = problems.map(({ field, message }) => `${field}: ${message}`);
  throw new PermanentError('misconfigured', `The configuration is refused.\n${lines.join('\n')}`, {
    field: problems[0]?.field,
  });
}
