import type { Secrets } from './create-secrets.ts';
import type { EnvBinding } from './env.ts';
import { preload } from './preload.ts';
import { renewNamed, rotationMatchers, type RotationMatcher, type RotationNotice } from './rotation-events.ts';
import { processRuntime, type Runtime } from './runtime.ts';
import type { SecretHandle } from './secret-handle.ts';

export type LambdaOptions = {
  /** Read, with one call for each 20, before the handler is called. */
  readonly preload?: readonly SecretHandle<unknown>[];
  /** Environment variables to set before the handler is called; see `bindEnv`. */
  readonly env?: readonly EnvBinding[];
  /** What counts as the event of a rotation. Default: Secrets Manager's own, Keyturn's, CloudTrail's, and the Python package's. */
  readonly events?: readonly RotationMatcher[];
  /** `forward`: the event of a secret that nobody here reads is the handler's. Default `ignore`. */
  readonly unknownRotation?: 'ignore' | 'forward';
  readonly runtime?: Runtime;
};

/**
 * A Lambda handler that never sees the event of a rotation: its secrets are asked for again, and the event is the answer. What was begun in an
 * invocation ends in it, since an environment is frozen afterwards.
 */
export function lambda<E, C, R>(
  secrets: Secrets,
  handler: (event: E, context: C) => Promise<R>,
  options: LambdaOptions = {},
): (event: E, context: C) => Promise<R | RotationNotice> {
  return async function (this: unknown, event, context) {
    const notice = await beforeHandler(secrets, event, options);
    if (notice !== undefined) return notice;
    try {
      return await handler.call(this, event, context);
    } finally {
      await secrets.settled();
    }
  };
}

/** Resolves to what was told, if the handler shall not be called. A failure to refresh is none: the next reader asks again. */
export async function beforeHandler(
  secrets: Secrets,
  event: unknown,
  options: LambdaOptions,
): Promise<RotationNotice | undefined> {
  const { env = [], events = rotationMatchers, runtime = processRuntime } = options;
  const wait = (attempt: number) => new Promise<void>((resolve) => void runtime.after(200 * attempt, resolve));
  const notice = events.map((match) => match(event)).find(Boolean);

  if (notice) {
    const known = await renewNamed(secrets, notice, wait);
    await secrets.settled();
    if (known || options.unknownRotation !== 'forward') return notice;
  }
  await preload(secrets, ...(options.preload ?? []));
  await Promise.all(env.map((binding) => binding.apply()));
  return undefined;
}
