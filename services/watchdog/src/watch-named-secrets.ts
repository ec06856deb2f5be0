import { namedSecrets, type NamedSecret } from '@keyturn/config/named-secrets';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import type { Condition } from './find-conditions.ts';
import { reportConditions } from './report-conditions.ts';
import type { Tally } from './tally.ts';

const monthMs = 30 * 86_400_000;

/**
 * The secrets that the configuration names are Keyturn's own, and nobody rotates them but people: who is told when they grow too old, or cannot be found.
 * They are described, never read.
 */
export async function watchNamedSecrets(deps: Deps, count: Tally): Promise<void> {
  const byName = new Map<string, NamedSecret>();
  for (const named of namedSecrets(deps.config)) if (!byName.has(named.name)) byName.set(named.name, named);
  for (const named of byName.values()) {
    const found = await count.attempt(named.field, () => watchNamed(named, deps));
    if (found === true) count.foundOverdue();
  }
}

async function watchNamed({ field, name }: NamedSecret, deps: Deps): Promise<boolean> {
  const { subject, problem, since } = await look(name, deps);
  const detail = `${field}: ${problem}`;
  const found: readonly Condition[] =
    problem === undefined ? [] : [{ why: 'admin-secret', since, detail, patienceMs: 0 }];
  await reportConditions(subject, found, deps, { known: name, remindMs: monthMs });
  return found.length > 0;
}

async function look(name: string, { secrets, config, clock }: Deps) {
  try {
    const description = await secrets.describe(name);
    const { arn, deletedAt, changedAt } = description;
    const subject = { arn, name: description.name, tags: {} };
    if (deletedAt !== undefined) return { subject, problem: 'secret-deleting' };
    const old = changedAt !== undefined && clock.now() - changedAt > config.adminSecrets.maxAge;
    return { subject, since: changedAt, problem: old ? 'too-old' : undefined };
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { subject: { arn: name, name, tags: {} }, problem: error.reason };
  }
}
