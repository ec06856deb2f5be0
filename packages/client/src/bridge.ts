import { abortable } from './abortable.ts';
import { ignore, processRuntime, type Runtime } from './runtime.ts';
import type { SecretHandle } from './secret-handle.ts';
import type { Search } from './use-secret.ts';

export type BridgeOptions<T> = {
  /** How long to go on looking for a new version after a refusal, in milliseconds. Default 0: all is asked once. */
  readonly windowMs?: number;
  /** The pause between two looks. Default 1,000. */
  readonly everyMs?: number;
  /** Handles of other stages, tried where `AWSCURRENT` is unchanged, such as `AWSPENDING`. */
  readonly candidates?: readonly SecretHandle<T>[];
  /** Ends the search, as a caller that gives up does. */
  readonly signal?: AbortSignal;
  readonly runtime?: Runtime;
};

/** Options of `use`, for rotations that change the key at the provider before `AWSCURRENT` moves. Keyturn's do where a policy says `acceptOutage`. */
export function bridge<T>({
  windowMs = 0,
  everyMs = 1000,
  candidates = [],
  signal,
  runtime = processRuntime,
}: BridgeOptions<T>): { readonly search: Search<T> } {
  const { now, random, after } = runtime;
  return {
    async search(refresh, tried) {
      const deadline = now() + windowMs;
      for (;;) {
        const looks = [refresh, ...candidates.map((other) => () => other.version({ maxAgeMs: everyMs }))];
        for (const look of looks) {
          const found = await look().catch(ignore);
          if (found && !tried.has(found.versionId)) return found;
        }
        const leftMs = deadline - now();
        if (leftMs <= 0 || signal?.aborted) return undefined;
        const pause = new Promise<void>((resolve) => {
          after(Math.min(leftMs, everyMs * (1 + random() / 10)), resolve);
        });
        await (signal ? abortable(pause, signal).catch(ignore) : pause);
      }
    },
  };
}
