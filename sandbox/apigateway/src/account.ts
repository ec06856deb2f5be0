import { type Timeline, timeline } from '@keyturn/apigee-simulator/timeline';

import type { SeedKey, SeedPlan } from './simulator.ts';

/** An API key, with all that a node may still believe of it. */
export type Key = {
  readonly id: string;
  name: string;
  readonly value: string;
  readonly description: string | undefined;
  readonly customerId: string | undefined;
  tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  updatedAt: number;
  readonly exists: Timeline<boolean>;
  readonly enabled: Timeline<boolean>;
  /** By the id of the usage plan. */
  readonly plans: Map<string, Timeline<boolean>>;
  /** Calls that came through: plan → day → how many. */
  readonly used: Map<string, Map<string, number>>;
};

export type Plan = {
  readonly id: string;
  readonly name: string;
  /** `<api>/<stage>` */
  readonly stages: readonly string[];
  /** Whether the stages are attached. */
  readonly open: Timeline<boolean>;
};

/** One account in one Region. */
export type Account = {
  readonly plans: Map<string, Plan>;
  /** Those that exist, oldest first. */
  keys(): readonly Key[];
  key(id: string): Key | undefined;
  /** Every key that has or had the value, oldest first. */
  everOf(value: string): readonly Key[];
  addPlan(plan: SeedPlan, at: number): void;
  /** `knownSince`: from when on the nodes know it. */
  addKey(key: SeedKey & { readonly id: string; readonly value: string }, at: number, knownSince: number): Key;
  removeKey(key: Key, at: number): void;
};

export const longAgo = 0;

export function account(): Account {
  const plans = new Map<string, Plan>();
  const live = new Map<string, Key>();
  const byValue = new Map<string, Key[]>();
  return {
    plans,
    keys: () => [...live.values()],
    key: (id) => live.get(id),
    everOf: (value) => byValue.get(value) ?? [],
    addPlan({ id, name = id, stages }, at) {
      plans.set(id, { id, name, stages, open: timeline(true, at) });
    },
    addKey(key, at, knownSince) {
      const made: Key = {
        id: key.id,
        name: key.name,
        value: key.value,
        description: key.description,
        customerId: key.customerId,
        tags: { ...key.tags },
        createdAt: at,
        updatedAt: at,
        exists: timeline(true, knownSince),
        enabled: timeline(key.enabled ?? true, knownSince),
        plans: new Map((key.plans ?? []).map((plan) => [plan, timeline(true, knownSince)])),
        used: new Map(),
      };
      live.set(made.id, made);
      byValue.set(made.value, [...(byValue.get(made.value) ?? []), made]);
      return made;
    },
    removeKey(key, at) {
      key.exists.set(false, at);
      live.delete(key.id);
    },
  };
}

/** The plans that have the key now, sorted. */
export const plansOf = ({ plans }: Key): readonly string[] =>
  [...plans].flatMap(([id, has]) => (has.value ? [id] : [])).sort();

export function setPlan({ plans }: Key, id: string, has: boolean, at: number): void {
  const known = plans.get(id);
  if (known === undefined) plans.set(id, timeline(has, at));
  else known.set(has, at);
}
