import { namedSecrets } from '@keyturn/config/named-secrets';

import { ask, ok, problem, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

/** Whether the secrets that channels, providers and their proxies name exist. What they hold is not read. */
export const checkNamedSecrets: Check = async ({ config, secrets }) => {
  const present = namedSecrets(config);
  const findings: Finding[] = [];
  for (const { field, name } of present) {
    const about = `secret ${name} (${field})`;
    const found = await ask(about, `secretsmanager:DescribeSecret on ${name}`, async () => {
      const { deletedAt } = await secrets.describe(name);
      return deletedAt === undefined
        ? []
        : [problem(about, 'is marked for deletion', 'Restore it, or name another one.')];
    });
    findings.push(...found);
  }
  return findings.length > 0 ? findings : [ok('secrets', `all ${present.length} that the configuration names exist`)];
};
