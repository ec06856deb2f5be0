import { tell } from './diagnostics.ts';
import { ignore } from './fetch-secret.ts';
import type { Parse } from './parse-secret.ts';
import type { Loaded } from './secret-cache.ts';
import type { Held, Slot } from './secret-cells.ts';
import { SecretError } from './secret-error.ts';
import { secretVersion, type SecretVersion } from './secret-version.ts';

type Parsed<T> = { readonly held: Held; readonly version: SecretVersion<T>; readonly promise: Promise<T> };

export type ParsePlan<T> = {
  readonly slot: Slot;
  readonly parse: Parse<T>;
  /** Made for each reader, of what cannot be frozen. */
  readonly copy?: ((value: T) => T) | undefined;
};

/** What a handle makes of what is held: parsed once for each version. */
export function parsedSecret<T>({ slot, parse, copy }: ParsePlan<T>) {
  const { secretId } = slot;
  let last: Parsed<T> | undefined;
  let refused: string | undefined;

  async function read({ held, stale }: Loaded): Promise<SecretVersion<T>> {
    const { version } = await current(held);
    return stale ? versionOf(held, version.value, slot, stale) : version;
  }

  /** At once, unless a schema takes its time. */
  function current(held: Held): Parsed<T> | Promise<Parsed<T>> {
    const keep = (value: T): Parsed<T> => {
      if (last && last.held.started > held.started) return last;
      return (last = { held, version: versionOf(held, value, slot), promise: Promise.resolve(value) });
    };
    if (last?.held === held) return last;
    if (last?.version.versionId === held.raw.versionId) return keep(last.version.value);
    const refuse = (thrown: unknown) => keepGood(held, thrown);
    try {
      const value = parse(held.raw);
      return value instanceof Promise ? value.then(keep).catch(refuse) : keep(value);
    } catch (thrown) {
      return refuse(thrown);
    }
  }

  /** A new version that does not fit is told, and thrown only where there is no good one. */
  function keepGood({ raw: { versionId } }: Held, thrown: unknown): Parsed<T> {
    // What a schema throws of itself may quote the value.
    const error = thrown instanceof SecretError ? thrown : new SecretError('VALIDATION', secretId);
    if (refused !== versionId) tell('invalid', secretId, { versionId, code: error.code });
    refused = versionId;
    if (last) return last;
    throw error;
  }

  const versionOf = ({ raw, fetchedAt }: Held, value: T, { stage = '' }: Slot, stale?: boolean): SecretVersion<T> =>
    secretVersion(() => (copy ? copy(value) : value), raw, stage, fetchedAt, stale);

  return {
    read,
    versionOf,
    get last() {
      return last;
    },
    peek() {
      const { held } = slot.cell;
      try {
        // Another handle may have read a newer one.
        if (held && held !== last?.held) Promise.resolve(current(held)).catch(ignore);
      } catch {
        // `get` tells what is wrong with it.
      }
      return last?.version;
    },
  };
}
