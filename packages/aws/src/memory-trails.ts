import type { Trail, Trails } from './trail.ts';

export type MemoryTrail = Trail & { readonly logging: boolean };

/** Trails in memory; `failure` is thrown by whatever is asked. */
export function memoryTrails(
  region: string,
  trails: readonly MemoryTrail[],
  { failure }: { readonly failure?: Error } = {},
): Trails {
  const answer = <T>(value: T): T => {
    if (failure !== undefined) throw failure;
    return value;
  };
  return {
    region,
    list: async () => answer(trails.map(({ arn, homeRegion, multiRegion }) => ({ arn, homeRegion, multiRegion }))),
    isLogging: async (arn) => answer(trails.some((trail) => trail.arn === arn && trail.logging)),
  };
}
