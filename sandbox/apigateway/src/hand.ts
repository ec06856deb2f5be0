import { type Account, type Key, longAgo, plansOf, setPlan } from './account.ts';
import type { Hand, KeyView } from './simulator.ts';

type Means = {
  readonly account: Account;
  readonly now: () => number;
  readonly newId: () => string;
  readonly newValue: () => string;
};

export const keyView = (key: Key): KeyView => ({
  id: key.id,
  name: key.name,
  value: key.value,
  enabled: key.enabled.value,
  description: key.description,
  customerId: key.customerId,
  tags: key.tags,
  plans: plansOf(key),
  createdAt: key.createdAt,
});

export function hand({ account, now, newId, newValue }: Means): Hand {
  const named = (id: string): Key => {
    const key = account.key(id);
    if (key === undefined) throw new Error('There is no such key');
    return key;
  };
  return {
    addKey: ({ id = newId(), value = newValue(), ...key }) =>
      keyView(account.addKey({ ...key, id, value }, now(), longAgo)),
    setEnabled: (id, enabled) => named(id).enabled.set(enabled, now()),
    rename(id, name) {
      named(id).name = name;
    },
    setTags(id, tags) {
      named(id).tags = { ...tags };
    },
    attach: (id, plan) => setPlan(named(id), plan, true, now()),
    detach: (id, plan) => setPlan(named(id), plan, false, now()),
    deleteKey: (id) => account.removeKey(named(id), now()),
    setOpen: (plan, open) => account.plans.get(plan)?.open.set(open, now()),
    deletePlan(plan) {
      account.plans.delete(plan);
      for (const key of account.keys()) if (key.plans.has(plan)) setPlan(key, plan, false, now());
    },
  };
}
