import { processRuntime, type Runtime } from './runtime.ts';
import { secretError } from './secret-error.ts';
import type { SecretSource } from './secret-source.ts';
import { abortable } from './abortable.ts';
import { within } from './within.ts';

export type FailoverOptions = {
  /** How long each source but the last may take, in milliseconds. Default 1,000: less than the fetch as a whole has. */
  readonly timeoutMs?: number;
  readonly runtime?: Runtime;
};

/** Asks the first source; where it does not answer, the next. What a source answers, a refusal too, is the answer. */
export function failoverSource(
  sources: readonly SecretSource[],
  { timeoutMs = 1000, runtime = processRuntime }: FailoverOptions = {},
): SecretSource {
  const last = sources.at(-1);
  if (!last) throw new RangeError('failoverSource needs a source');

  return {
    async get(request) {
      const { secretId, signal } = request;
      for (const source of sources.slice(0, -1)) {
        try {
          const ask = (signal: AbortSignal) => source.get({ ...request, signal });
          return await abortable(within(runtime, timeoutMs, secretId, ask), signal);
        } catch (error) {
          if (signal.aborted || !secretError(error, secretId).retryable) throw error;
        }
      }
      return last.get(request);
    },
  };
}
