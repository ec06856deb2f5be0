import type { KnownKey } from './known-keys.ts';
import type { Actor, OracleOptions } from './oracle-options.ts';

type Move = { readonly before: KnownKey | undefined; readonly next: KnownKey | undefined };
type Broken = (rule: string, what: string) => void;

/** What may be made current. Whoever began after a person's move, or after a key went off, has seen it with its first look. */
export function judgeMoves({ pending, calls, provider, entitledAt }: OracleOptions, broken: Broken) {
  const lostAt = new Map<string, number>();
  let pendingVersion = pending();
  /** Each move of AWSCURRENT, by whomever: after how many calls, and where to. */
  const moves: { readonly at: number; readonly versionId: string }[] = [];
  let handMoveAt = -Infinity;

  function judge(versionId: string, move: Move): void {
    const { next } = move;
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
    judgeEntitled(began, move);
  }

  // Who changes what keys may do after the last look changes it for both.
  function judgeEntitled(began: number, { before, next }: Move): void {
    const [old, fresh] = [before, next].map(mayDo);
    if (old !== undefined && fresh !== undefined && old !== fresh && (entitledAt() ?? -1) <= began) {
      broken('I9', `AWSCURRENT was moved from a key that may do ${old} to one that may do ${fresh}`);
    }
  }

  function mayDo(known: KnownKey | undefined): string | undefined {
    if (known === undefined) return undefined;
    const stored = provider.stored(known.target).find(({ keyId }) => keyId === known.key.keyId);
    return stored?.entitlements.toSorted().join(', ');
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
    judge(versionId: string, move: Move, actor: Actor): void {
      if (actor === 'person') handMoveAt = calls.made();
      else judge(versionId, move);
      moves.push({ at: calls.made(), versionId });
    },
  };
}
