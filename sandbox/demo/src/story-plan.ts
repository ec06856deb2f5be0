import type { Scenario, SimulatedKey } from './simulated-provider.ts';

/** What can be told of a provider, by how many keys of one target work there at the same time. */
export type StoryPlan = {
  /** `command`: by `keyturn rotate`, as soon as there is room for another key. The schedule waits for nothing, and does not come round meanwhile. */
  readonly rotatedBy: 'schedule' | 'command';
  /** How many keys the story lets there be, the one about to be made among them. */
  readonly slots: number;
  /** There is an old key to roll back to, and one that serves while a person spoils the new one. */
  readonly keepsOldKey: boolean;
};

const storyPlans: Readonly<Record<Scenario['overlap'], StoryPlan>> = {
  multi: { rotatedBy: 'schedule', slots: Infinity, keepsOldKey: true },
  'two-slot': { rotatedBy: 'command', slots: 2, keepsOldKey: true },
  none: { rotatedBy: 'command', slots: Infinity, keepsOldKey: false },
};

export function planOf({ overlap, slow = false }: Pick<Scenario, 'overlap' | 'slow'>): StoryPlan {
  return storyPlans[slow && overlap === 'multi' ? 'two-slot' : overlap];
}

/** One that is switched off holds its place until it is deleted. */
export function hasRoom({ slots }: StoryPlan, keys: readonly SimulatedKey[]): boolean {
  return keys.length < slots;
}

/** From the moment in which the old key may be gone to the one in which everybody has read the new one, in milliseconds since 1970. */
export type Cutover = { readonly from: number; readonly to: number };

/** How many of the failures fall into a cutover, and how many do not. */
export function sortFailures(failedAt: readonly number[], cutovers: readonly Cutover[]) {
  const inCutover = failedAt.filter((at) => cutovers.some(({ from, to }) => from <= at && at <= to)).length;
  return { inCutover, outside: failedAt.length - inCutover };
}
