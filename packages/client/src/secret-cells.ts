import type { RawSecret, Stage } from './secret-source.ts';

/** What is held of a secret. Times in milliseconds since 1970. */
export type Held = {
  readonly raw: RawSecret;
  /** The order of the fetches' starts: an answer never takes the place of one that was asked for later. */
  readonly started: number;
  readonly fetchedAt: number;
  readonly freshUntil: number;
};

export type Flight = {
  readonly promise: Promise<Held>;
  readonly started: number;
  readonly startedAt: number;
  /** It leaves after this turn: until then, whoever asks for a new answer may share it. */
  leaving: boolean;
};

/** One version or stage of one secret. Handles that write its name and its ARN end up with the same one. */
export type Cell = {
  held?: Held;
  flight?: Flight | undefined;
  failures: number;
  /** After a failure, nobody asks before this. */
  retryAt: number;
  /** When a refresh for a failed version last began. */
  forcedAt: number;
  readonly watchers: Set<() => Promise<void>>;
};

/** A secret as an application wrote it: what handles hold on to. */
export type Slot = {
  readonly secretId: string;
  readonly stage: Stage | undefined;
  readonly versionId: string | undefined;
  cell: Cell;
};

/** The secrets there are in memory, by what applications write and by what Secrets Manager answers. */
export function secretCells() {
  const slots = new Map<string, Slot>();
  const cells = new Map<string, Cell>();

  function slot(
    secretId: string,
    versionId?: string,
    stage: Stage | undefined = versionId ? undefined : 'AWSCURRENT',
  ): Slot {
    const key = keyOf(secretId, stage, versionId);
    const cell = cells.get(key) ?? { failures: 0, retryAt: 0, forcedAt: -Infinity, watchers: new Set() };
    const found = slots.get(key) ?? { secretId, stage, versionId, cell };
    slots.set(key, found);
    return found;
  }

  /** Only an answer tells that a name and an ARN are one secret: a name may end like an ARN, and another Region have the same name. */
  function merge({ cell, stage, versionId }: Slot, arn: string): void {
    const key = keyOf(arn, stage, versionId);
    const known = cells.get(key) ?? cell;
    cells.set(key, known);
    if (known === cell) return;
    for (const watcher of cell.watchers) known.watchers.add(watcher);
    for (const other of slots.values()) if (other.cell === cell) other.cell = known;
  }

  return { slot, merge, slots: () => [...slots.values()] };
}

const keyOf = (...parts: readonly (string | undefined)[]): string => parts.join('\n');
