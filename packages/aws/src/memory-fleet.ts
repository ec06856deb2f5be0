import type { Fleet } from './fleet.ts';

/** The flag in memory; null: nobody ever set it. */
export function memoryFleet(initial: string | null = 'running'): Fleet {
  let state = initial;
  return {
    paused: async () => state !== 'running',
    set: async (next) => {
      state = next;
    },
  };
}
