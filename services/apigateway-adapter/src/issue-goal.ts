import { PermanentError } from '@keyturn/rotation/errors';

import { markTag, type ApiKey, type ApiKeys } from './api-keys.ts';
import { isPlanId, type Target } from './target.ts';

/** What a new key shall have. */
export type Goal = Pick<ApiKey, 'description' | 'customerId' | 'tags'> & {
  /** Ids of usage plans. */
  readonly plans: readonly string[];
};

/** As the current key has it: all its usage plans, its description and its tags, but never its mark. */
export async function goalLike(current: ApiKey | undefined, api: Pick<ApiKeys, 'plansOf'>): Promise<Goal> {
  if (current === undefined) {
    throw new PermanentError('not-yours', 'The target does not have the current key', { field: 'target' });
  }
  if (current.stageKeys.length > 0) {
    throw new PermanentError('unsupported', 'The current key opens stages without a usage plan: put it into one', {
      field: 'entitlements',
    });
  }
  const { description, customerId, tags } = current;
  // Those that begin with `aws:` are AWS's own, such as CloudFormation's.
  const kept = Object.entries(tags).filter(([name]) => name !== markTag && !/^aws:/i.test(name));
  const plans = (await api.plansOf(current)).map(({ id }) => id);
  return { description, customerId, tags: Object.fromEntries(kept), plans };
}

/** At the first issue, as the policy says; the usage plan of the target where it names none. PermanentError('misconfigured'). */
export function goalFrom(entitlements: readonly string[], target: Target): Goal {
  const plans: string[] = [];
  const tags = new Map<string, string>();
  for (const entitlement of entitlements) {
    const { plan, name, value } =
      /^(?:plan:(?<plan>\w+)|tag:(?<name>[^=]{1,128})=(?<value>.{0,256}))$/.exec(entitlement)?.groups ?? {};
    if (plan !== undefined && isPlanId(plan)) plans.push(plan);
    else if (name !== undefined && value !== undefined && isTagName(name)) tags.set(name, value);
    else throw bad('An entitlement is plan:<usage plan id>, or tag:<name>=<value> for a tag of the first key');
  }
  return {
    description: undefined,
    customerId: undefined,
    tags: Object.fromEntries(tags),
    plans: plans.length > 0 ? [...new Set(plans)] : [target.plan],
  };
}

const isTagName = (name: string): boolean =>
  /^[A-Za-z0-9 _.:/@+-]+$/.test(name) && name !== markTag && !/^aws:/i.test(name);

function bad(problem: string): PermanentError {
  return new PermanentError('misconfigured', problem, { field: 'entitlements' });
}
