import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import type { ApiKey, ApiKeys } from './api-keys.ts';

/** Puts the key into these usage plans and takes it out of all others, then looks again. */
export async function attachPlans(key: ApiKey, wanted: readonly string[], api: ApiKeys): Promise<void> {
  const has = await idsOf(key, api);
  const refused: string[] = [];
  for (const plan of wanted.filter((id) => !has.includes(id))) {
    const outcome = await api.attach(plan, key);
    if (outcome === 'conflict') refused.push(plan);
    if (outcome === 'gone') await refuseMissing(plan, api);
  }
  for (const plan of has.filter((id) => !wanted.includes(id))) await api.detach(plan, key);
  if (refused.length === 0) return;
  // The plan may have had it already: a repeated call, or two at the same time.
  const now = await idsOf(key, api);
  const missing = refused.find((id) => !now.includes(id));
  if (missing === undefined) return;
  throw new PermanentError('misconfigured', 'Another usage plan has the key for the same stage', {
    field: `plan:${missing}`,
  });
}

const idsOf = async (key: ApiKey, api: ApiKeys): Promise<readonly string[]> =>
  (await api.plansOf(key)).map(({ id }) => id);

async function refuseMissing(plan: string, api: ApiKeys): Promise<never> {
  if ((await api.plan(plan)) === 'no-plan') {
    throw new PermanentError('misconfigured', 'There is no such usage plan', { field: `plan:${plan}` });
  }
  throw new TransientError('The key that was just made is not known everywhere, or somebody deleted it');
}
