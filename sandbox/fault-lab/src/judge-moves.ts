import type { KnownKey } from './known-keys.ts';
import type { Actor, OracleOptions } from './oracle-options.ts';

type Broken = (rule: string, what: string) => void;

/** What may be made current. Whoever began after a person's move, or after a key went off, has seen it with its first look. */
export function judgeMoves({ pending, calls }: OracleOptions, broken: Broken) {
  const lostAt = new Map<string, number>();
  let pendingVersion = pending();
  /** Each move of AWSCURRENT, by whomever: after how many calls, and where to. */
  const moves: { readonly at: number; readonly versionId: string }[] = [];
  let handMoveAt = -Infinity;

  function judge(versionId: string, next: KnownKey | undefined): void {
    const began = calls.began();
    if (next === undefined) broken('I9', 'AWSCURRENT was moved to a version without a key that exists');
    if (began === undefined) return;
    // Who takes back what he did in between leaves everything as it was seen; within the first look two people may be at work.
    const seen = [1, 2].map((calls) => moves.findLast(({ at }) => at <= began + calls)?.versionId);
    const isAsSeen = seen.includes(moves.at(-1)?.versionId);
    if (handMoveAt > began + 1 && !isAsSeen) broken('I8', 'AWSCURRENT was moved over what a person had just done');
    if ((lostAt.get(versionId) ?? Infinity) <= began) {
      broken('I9', 'AWSCURRENT was moved to a version that was not pending any more');
    }
    if (next !== undefined && next.offAt <= began) {
      broken('I9', 'AWSCURRENT was moved to a key that was off before the last look');
    }
  }

  return {
    /** Where AWSPENDING stands, and since when it does not stand there any more. */
    lookAtPending(): void {
      const versionId = pending();
      if (versionId === pendingVersion) return;
      if (pendingVersion !== undefined) lostAt.set(pendingVersion, calls.made());
      if (versionId !== undefined) lostAt.delete(versionId);
      pendingVersion = versionId;
    },
    judge(versionId: string, next: KnownKey | undefined, actor: Actor): void {
      if (actor === 'person') handMoveAt = calls.made();
      else judge(versionId, next);
      moves.push({ at: calls.made(), versionId });
    },
  };
}
