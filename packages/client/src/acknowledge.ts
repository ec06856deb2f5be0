import type { Secrets } from './create-secrets.ts';
import { eventSender, type EventSenderOptions } from './event-sender.ts';
import { processRuntime, type Runtime } from './runtime.ts';
import type { SecretHandle } from './secret-handle.ts';
import type { SecretVersion } from './secret-version.ts';

export type AcknowledgeOptions = EventSenderOptions & {
  /** The id of this application under `readers` of Keyturn's configuration. */
  readonly reader: string;
  readonly runtime?: Runtime;
};

/** What was said of a secret last. */
type Word = { readonly versionId: string; failures: number; retryAt: number };

const attempts = 5;

/**
 * Makes handles that tell Keyturn which version this process uses: once, when `get`, `use` or `peek` gave it out for the first time, and again when it is another
 * one. It is sent beside the application's own work and never fails it. What could not be sent is tried again at a later use, five times at most: there is no timer.
 */
export function acknowledge(
  secrets: Pick<Secrets, 'track' | 'report'>,
  options: AcknowledgeOptions,
): <T>(handle: SecretHandle<T>) => SecretHandle<T> {
  const { runtime = processRuntime } = options;
  const send = eventSender(options, runtime);
  const said = new Map<string, Word>();

  function note({ arn, versionId, stage }: Pick<SecretVersion<unknown>, 'arn' | 'versionId' | 'stage'>): void {
    if (stage !== 'AWSCURRENT') return;
    const last = said.get(arn);
    const word = last?.versionId === versionId ? last : { versionId, failures: 0, retryAt: 0 };
    if (runtime.now() < word.retryAt) return;
    // Nobody else sends it meanwhile.
    word.retryAt = Infinity;
    said.set(arn, word);
    const failed = (): void => {
      if (++word.failures < attempts) word.retryAt = runtime.now() + 1000 * 4 ** word.failures;
      secrets.report('acknowledge-failed', arn, { versionId });
    };
    secrets.track(send({ secretArn: arn, versionId, reader: options.reader }).catch(failed));
  }

  return (handle) => {
    /** The version that is current for this handle, if it is this one: a candidate of another stage is nobody's business. */
    const noteId = (versionId: string): void => {
      const current = handle.peek();
      if (current?.versionId === versionId) note(current);
    };
    return {
      ...handle,
      async get(given) {
        const version = await handle.version(given);
        note(version);
        return version.value;
      },
      peek() {
        const version = handle.peek();
        if (version) note(version);
        return version;
      },
      use: (fn, given) =>
        handle.use((value, context) => {
          noteId(context.versionId);
          return fn(value, context);
        }, given),
    };
  };
}
