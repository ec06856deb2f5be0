import { parseMark } from '@keyturn/rotation/mark';

import type { Change, KnownKey } from './known-keys.ts';
import { hour, minute } from './lab-config.ts';
import { restoreMs, type Actor, type OracleOptions } from './oracle-options.ts';

const orphanMinAgeMs = hour;
/** No function lives longer. */
const longestLifeMs = 15 * minute;

type Ended = Extract<Change, { what: 'disabled' | 'deleted' }>;

/** What may be done to a key, by whom. */
export function judgeChange(
  options: OracleOptions,
  broken: (rule: string, what: string) => void,
  keys: () => readonly KnownKey[],
) {
  const { provider, now, keyIn, pending, calls, pausedAt } = options;
  const made = judgeMaking(options, broken);

  function judgeEnd({ what, known }: Ended): void {
    // Whoever has it deleted has looked for the last time when a person puts it back: the outage is that person's.
    if (what === 'deleted' && known.putBackAt > (calls.asked() ?? 0)) known.harmed = true;
    // What was under way when a person put it back may switch it off for a moment.
    const isExcused = known.excusedUntil >= now() && known.putBackAt >= (calls.setOff() ?? 0) && what !== 'deleted';
    if (known.owedUntil <= now() || known.harmed || isExcused) return;
    broken('I7', `A key was ${what} that is ${known.owedUntil === Infinity ? 'current' : 'in its grace'}`);
  }

  // A key that a person made is ours once it was current, but for one that bore somebody else's mark from the first.
  function isOurs({ key, mark, madeByHand, everCurrent }: KnownKey): boolean {
    if (key.mark !== undefined) return options.isOurs(key.mark);
    if (provider.marks === false) return everCurrent || !madeByHand;
    return everCurrent || (!madeByHand && options.isOurs(mark));
  }

  function judgeOthers({ what, known }: Ended): void {
    if (!isOurs(known) && !isAttemptOfAnother(known, options)) broken('I7', `A key that is not ours was ${what}`);
    const givenAt = options.givenByAnotherAt(known.key.keyId);
    if (givenAt === undefined) return;
    if (givenAt <= ((what === 'deleted' ? calls.asked() : calls.setOff()) ?? 0)) {
      broken('I7', `A key was ${what} that another secret gives its readers`);
    } else if (what === 'disabled') lookLater(known);
  }

  // Whoever switched it off could not know yet, and has to find out soon. Nobody brings back what is deleted.
  function lookLater(known: KnownKey): void {
    options.at(now() + restoreMs, () => {
      const isOff = known.there && !known.enabled && !known.harmed;
      if (!isOff || options.givenByAnotherAt(known.key.keyId) === undefined) return;
      if (options.isOutOfReach()) lookLater(known);
      else broken('I7', 'A key stays off that another secret gives its readers');
    });
  }

  /** Whether it was the only one that was on when whoever ended it began. */
  function wasLast({ key, target }: KnownKey): boolean {
    const others = keys().filter((other) => other.target === target && other.key !== key);
    return others.every(({ offAt }) => offAt <= (calls.began() ?? 0));
  }

  function judgeRetirement({ what, known }: Ended): void {
    if (known.everCurrent && known.offAt === Infinity && wasLast(known)) {
      broken('I7', `The last key of a target that was on was ${what}`);
    }
    if (now() - (pausedAt() ?? Infinity) > longestLifeMs) broken('I7', `A key was ${what} while the fleet was paused`);
    const pendingVersion = pending();
    if (pendingVersion !== undefined && keyIn(pendingVersion) === known.key.keyId) {
      broken('I7', `A key was ${what} that is pending`);
    }
    if (!known.everCurrent && now() - known.seenAt < orphanMinAgeMs) {
      broken('I7', `A key that never was current was ${what} before its minimum age`);
    }
  }

  return (change: Change, actor: Actor): void => {
    if (change.what === 'marked') {
      if (!change.known.madeByHand) made.marked(change.known);
      return;
    }
    if (actor === 'person') {
      if (change.what === 'made') change.known.madeByHand = true;
      else change.known.harmed = true;
    } else if (change.what === 'made') {
      made.made(change.known);
    } else {
      judgeOthers(change);
      judgeEnd(change);
      if (actor === 'retire') judgeRetirement(change);
    }
    if (change.what !== 'made') change.known.offAt = Math.min(change.known.offAt, calls.made());
  };
}

/** What keys may be made. */
function judgeMaking(options: OracleOptions, broken: (rule: string, what: string) => void) {
  const { provider, secret } = options;
  const siblingsOf = new Map<string, Set<string>>();

  function judgeMade(known: KnownKey): void {
    const { key, target } = known;
    if (target !== secret.target) broken('I10', 'A key was made in a target that is not the secret’s');
    if (key.mark === undefined) {
      const holder = options.holderOf(key.keyId);
      if (provider.marks === false && holder === undefined) broken('I4', 'A key was made that stands in no version');
      known.isAnothers = holder === 'other-secret';
    }
    judgeSiblings(known);
  }

  // Of a key that is made in one call and marked in the next, only once it is marked.
  function judgeSiblings({ key, mark }: KnownKey): void {
    const version = parseMark(mark ?? '')?.versionId;
    if (version === undefined) return;
    const siblings = siblingsOf.get(version) ?? new Set();
    siblingsOf.set(version, siblings.add(key.keyId));
    if (provider.clientSuppliedKey && siblings.size > 1) broken('I4', 'Two keys were made for one version');
  }

  return { made: judgeMade, marked: judgeSiblings };
}

// Another secret is rotated too: what its attempt made and no version holds is its own to end.
function isAttemptOfAnother({ key }: KnownKey, { isOfAnother, holderOf }: OracleOptions): boolean {
  return isOfAnother(key.mark) && holderOf(key.keyId) === undefined;
}
