import { isAuthFailure, type Outcome } from './auth-failure.ts';
import type { Report } from './report.ts';
import { ignore } from './runtime.ts';
import { fieldsOf } from './secret-error.ts';
import type { SecretHandle } from './secret-handle.ts';
import type { SecretVersion } from './secret-version.ts';

export type UseContext = {
  /** 1, then 2 and so on: never twice with the same version. */
  readonly attempt: number;
  readonly versionId: string;
};

/** Finds a version that was not tried yet. `refresh` asks for the current one; undefined: it cannot be had. */
export type Search<T> = (
  refresh: () => Promise<SecretVersion<T> | void>,
  tried: ReadonlySet<string>,
) => Promise<SecretVersion<T> | void> | undefined;

export type UseOptions<T> = {
  /** What counts as a refused credential. Default: 401 and 403, thrown or returned, and the logins that databases refuse. */
  readonly isAuthFailure?: (outcome: Outcome) => boolean;
  /** Where to look for another version after a refusal, and for how long: `bridge` of `@keyturn/client/bridge`. Default: asks once, and tries once more. */
  search?(this: void, ...look: Parameters<Search<T>>): ReturnType<Search<T>>;
};

export type Use<T, R> = (value: T, context: UseContext) => R;

/**
 * Calls `fn` with the secret; where the credential is refused, once more with another version, if there is one. What ends otherwise, and what no other
 * version makes better, is returned or thrown as it was.
 */
export async function useSecret<T, R>(
  { secretId, version, refresh }: Pick<SecretHandle<T>, 'secretId' | 'version' | 'refresh'>,
  report: Report,
  fn: Use<T, R>,
  {
    isAuthFailure: isRefused = isAuthFailure,
    search = (ask, tried) => (tried.size < 2 ? ask() : undefined),
  }: UseOptions<T> = {},
): Promise<Awaited<R>> {
  const tried = new Set<string>();
  let found = await version();
  for (;;) {
    const { value, versionId } = found;
    tried.add(versionId);
    const outcome = await outcomeOf(() => fn(value, { attempt: tried.size, versionId }));
    // Where none can be had, the refusal is a better answer than our own trouble.
    const next = isRefused(outcome) && (await search(() => refresh({ ifVersionId: versionId }).catch(ignore), tried));
    if (!next || tried.has(next.versionId)) {
      if ('error' in outcome) throw outcome.error;
      return outcome.result;
    }
    // A body that nobody reads keeps its connection.
    const { body } = fieldsOf('result' in outcome && outcome.result);
    if (body instanceof ReadableStream) body.cancel().catch(ignore);
    found = next;
    report('auth-retry', secretId, { versionId: next.versionId });
  }
}

const outcomeOf = async <R>(call: () => R): Promise<{ error: unknown } | { result: Awaited<R> }> => {
  try {
    return { result: await call() };
  } catch (error) {
    return { error };
  }
};
