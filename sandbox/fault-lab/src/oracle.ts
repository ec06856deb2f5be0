import { judgeChange } from './judge-change.ts';
import { judgeMoves } from './judge-moves.ts';
import { knownKeys, type KnownKey } from './known-keys.ts';
import { graceMs, minute } from './lab-config.ts';
import { restoreMs, type Actor, type OracleOptions, type Violation } from './oracle-options.ts';
import { readers } from './readers.ts';

type Current = { readonly versionId: string | undefined; readonly key: KnownKey | undefined; readonly since: number };

/** How often it is looked whether what nobody could mend can be mended again. */
const lookMs = 10 * minute;

/**
 * Knows what is so, whatever our functions believe, and what they owe: it sees each move of AWSCURRENT and each change at the provider as it happens. Nothing
 * here asks a port.
 */
export function oracle(options: OracleOptions) {
  const { provider, now, keyIn } = options;
  const violations: Violation[] = [];
  const broken = (rule: string, what: string) => void violations.push({ rule, what, time: now() });
  const keys = knownKeys(provider, now);
  const applications = readers<KnownKey>(now, options.isSecretsManagerDown);
  const judge = judgeChange(options, broken, keys.all);
  const everCurrent = new Set<string>();
  const current: Current = { versionId: undefined, key: undefined, since: -Infinity };
  let harms = 0;
  const moves = judgeMoves(options, broken);
  const works = ({ credential }: KnownKey) => provider.acceptedBy(credential).every(Boolean);
  const isExcused = (known: KnownKey) => known.harmed || known.excusedUntil >= now();

  function look(actor: Actor): void {
    moves.lookAtPending();
    for (const change of keys.look()) judge(change, actor);
    if (harms > 0) return;
    for (const known of keys.all()) {
      if (known.owedUntil <= now() || isExcused(known) || works(known)) continue;
      if (known === current.key) broken('I1', 'The current key is not accepted everywhere');
      else broken('I2', 'A key is refused in its grace');
    }
    if (applications.inUse().some((held) => !held.handedOutBroken && !isExcused(held) && !works(held))) {
      broken('I2', 'An application uses a key that it read in time, and is refused');
    }
  }

  function supersede(known: KnownKey): void {
    // What a person handed out broken was no promise of ours.
    known.handedOutBroken = known.excusedUntil >= now() && !works(known);
    known.owedUntil = known.handedOutBroken ? now() : now() + graceMs;
  }

  // A person may make anything current. What was due already may be off, and is switched on again soon; what is gone is gone by that person's doing.
  function excuse(known: KnownKey): void {
    if (known.owedUntil > now() || isNewAndWell(known)) return;
    known.harmed ||= !known.there;
    known.putBackAt = options.calls.made();
    excuseForNow(known);
  }

  // A key that a person made, and nobody of ours was ever about to end.
  const isNewAndWell = (known: KnownKey) => known.madeByHand && !known.everCurrent && works(known);

  function excuseForNow(known: KnownKey): void {
    known.excusedUntil = now() + restoreMs;
    options.at(now() + lookMs, () => lookAtExcuse(known));
  }

  // A provider that is down switches nothing on, and of a secret that is being deleted nobody can read which key is current.
  function lookAtExcuse(known: KnownKey): void {
    if (options.isOutOfReach() && known === current.key) excuseForNow(known);
    else if (known.excusedUntil >= now()) options.at(now() + lookMs, () => lookAtExcuse(known));
    else look('keyturn');
  }

  function promise(known: KnownKey, actor: Actor): void {
    if (actor === 'person') excuse(known);
    known.owedUntil = Infinity;
    known.everCurrent = true;
    look(actor);
  }

  return {
    violations,
    broken,
    /** Before anything changes: the time that passed. */
    tick: () => applications.read(current.key),
    /** After something may have changed at the provider. */
    look,
    /** AWSCURRENT was moved. */
    moved(versionId: string, actor: Actor): void {
      applications.read(current.key);
      for (const change of keys.look()) judge(change, actor);
      everCurrent.add(versionId);
      const next = keys.get(keyIn(versionId) ?? '');
      const before = current.key;
      if (before !== undefined && before !== next) supersede(before);
      Object.assign(current, { versionId, key: next, since: now() });
      moves.judge(versionId, { before, next }, actor);
      if (next !== undefined) promise(next, actor);
    },
    /** A person made what belongs to everybody unusable, or usable again. */
    harm(isBegun: boolean): void {
      harms += isBegun ? 1 : -1;
    },
    /** The handler told that a rotation failed for good. */
    failed(versionId: string): void {
      if (current.versionId === versionId) broken('I11', 'A rotation was told to have failed whose version is current');
    },
    announced(versionId: string): void {
      if (!everCurrent.has(versionId)) broken('I5a', 'A version was announced that never was current');
    },
    current: () => ({ ...current, works: current.key !== undefined && works(current.key) }),
    keys: keys.all,
  };
}
export type Oracle = ReturnType<typeof oracle>;
