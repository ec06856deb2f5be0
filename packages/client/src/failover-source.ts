import { abortable } from './abortable.ts';
import { processRuntime, type Runtime } from './runtime.ts';
import { within } from './fetch-secret.ts';
import { secretError } from './secret-error.ts';
import type { SecretSource } from './secret-source.ts';

export type FailoverOptions = {
  /** How long each source but the last may take, in milliseconds. Default 1,000: less than the fetch as a whole has. */
  readonly timeoutMs?: number;
  readonly runtime?: Partial<Runtime>;
};

/** Asks the first source; where it does not answer, the next. What a source answers, a refusal too, is the answer. */
export function failoverSource(sources: readonly SecretSource[], options: FailoverOptions = {}): SecretSource {
  const { timeoutMs = 1_000 } = options;
  const runtime = { ...processRuntime, ...options.runtime };
  const last = sources.at(-1);
  if (last === undefined) throw new RangeError('failoverSource needs a source');

  return {
    async get(request) {
      for (const source of sources.slice(0, -1)) {
        try {
          const answer = within(runtime, timeoutMs, request.secretId, (signal) => source.get({ ...request, signal }));
          return await abortable(answer, request.signal);
        } catch (error) {
          if (request.signal.aborted || !secretError(error, request.secretId).retryable) throw error;
        }
      }
      return last.get(request);
    },
  };
}
