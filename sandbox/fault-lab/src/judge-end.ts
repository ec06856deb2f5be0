import type { KnownKey } from './known-keys.ts';
import { graceMs, longestEndMs } from './lab-config.ts';
import type { World } from './world.ts';

/**
 * Nothing is due, pending or on its way, one key is left, and it is announced: the state in which every run begins, so what comes now is what came then.
 */
export function isAtRest(w: World): boolean {
  return isQuiet(w) && isWhole(w) && isTidy(w) && isAnnounced(w);
}

function isQuiet({ scheduler, calls, state, queues }: World): boolean {
  const underWay = scheduler.alive() + calls.late() + state.trails;
  return underWay === 0 && Object.values(queues).every((queue) => queue.waiting() + queue.deadLetters.length === 0);
}

function isWhole(w: World): boolean {
  const truth = w.truth();
  const { versionId, works } = w.oracle.current();
  if (truth === undefined || !works || !truth.rotationEnabled) return false;
  return truth.deletionAt === undefined && truth.open === undefined && !isPendingElsewhere(w, versionId);
}

function isTidy({ provider, secret, oracle, rows }: World): boolean {
  const [only, ...others] = provider.stored(secret.target);
  const { key } = oracle.current();
  if (only === undefined || others.length > 0 || only.keyId !== key?.key.keyId) return false;
  const isOpen = rows.rows().some(({ row, value }) => row.startsWith('superseded#') && value['stage'] !== 'retired');
  return (provider.marks === false || isMarkedOurs(only.mark, secret.hash)) && !isOpen;
}

function isAnnounced(w: World): boolean {
  const { versionId } = w.oracle.current();
  const told = w.rows.rows().find(({ row }) => row === 'announcement')?.value;
  if (told === undefined || told['currentVersionId'] !== versionId) return false;
  return told['announced'] === told['n'] && announcedLast(w) === versionId;
}

/** What has to be so some hours after the last trouble, before another rotation would put it right. */
export function judgeCalm(w: World): void {
  const { versionId, works } = w.oracle.current();
  if (!works) w.oracle.broken('I1', 'The current key does not work, long after people repaired it');
  // Of the version that a secret begins with nobody has to hear, and what was told already stands in the ledger alone.
  const isNews = (announcedLast(w) ?? w.secret.firstVersion) !== versionId;
  if (isNews && !w.state.ledgerLost)
    w.oracle.broken('I5b', 'Long after, subscribers were not told of the current version');
  if (isPendingElsewhere(w, versionId) && !waitsForSlot(w)) {
    w.oracle.broken('I11', 'Long after, a version is pending still');
  }
}

// Where two keys are all that there can be, the next one waits until the soak of the one before last is over, and its owner hears why.
function waitsForSlot({ published }: World): boolean {
  return published.findLast(({ detail }) => 'reason' in detail.data)?.detail.data['reason'] === 'quota';
}

/** What has to be so in the end, however it began: nothing is left over, and the next rotation goes as any other. */
export function judgeEnd(w: World, lastRotationAt: number): void {
  const { oracle } = w;
  const { versionId, works, since } = oracle.current();
  if (!works) oracle.broken('I1', 'In the end the current key does not work');
  judgeLeftovers(w);
  judgeAge(w, lastRotationAt);
  if (announcedLast(w) !== versionId) oracle.broken('I5b', 'Subscribers were not told of the current version');
  if (isPendingElsewhere(w, versionId)) oracle.broken('I11', 'A version is pending still');
  if (since < lastRotationAt) oracle.broken('I11', 'The next rotation did not come to its end');
}

/** Errors that nobody foresaw, also of a run that came to rest all the same. */
export function judgeBugs({ bugs, oracle }: World): void {
  for (const bug of bugs) oracle.broken('bug', String(bug));
}

/** One fault costs a message a try or two, and never all of them: nothing of ours comes to nothing by what is well. */
export function judgeDeadLetters({ queues, oracle }: World): void {
  for (const [name, { everDead }] of Object.entries(queues)) {
    for (const { reason } of everDead) oracle.broken('I12', `A message of ${name} came to nothing: ${reason}`);
  }
}

/** No key is left but the current one, and those that its owner was told of. */
export function judgeLeftovers(w: World): void {
  const { oracle, state } = w;
  const { key: current } = oracle.current();
  for (const known of oracle.keys()) {
    if (!known.there || known.harmed || known === current) continue;
    if (isOurs(known, w)) oracle.broken('I3', 'A key is left that no version in use names');
    // A key without a mark is a person's, who is told that it is left.
    else if (
      known.mark === undefined &&
      known.everCurrent &&
      !state.ledgerLost &&
      !wasHeld(w, known.key.keyId) &&
      wasSeen(w, known.key.keyId)
    ) {
      oracle.broken('I3', 'A key without a mark is left, and nobody was told');
    }
  }
}

const wasHeld = (w: World, keyId: string): boolean =>
  w.published.some(
    (event) => event['detail-type'] === 'RetirementHeld' && w.keyIn(String(event.detail.data['versionId'])) === keyId,
  );

// What was replaced before anybody of ours looked, every message lost, was never known to be this secret's. That a rotation failed says nothing of its key.
function wasSeen(w: World, keyId: string): boolean {
  const holding = [...(w.truth()?.versions.keys() ?? [])].filter((versionId) => w.keyIn(versionId) === keyId);
  const texts = w.rows.texts().filter((text) => !text.includes('"row":"failure#'));
  return holding.some((versionId) => texts.some((text) => text.includes(versionId)));
}

// Without a mark: what was made for this secret. Where no key bears one, also what a person made current and somebody of ours saw, if the ledger still knows.
function isOurs({ key, mark, everCurrent, madeByHand, isAnothers }: KnownKey, w: World): boolean {
  const wasMade = mark === undefined && !madeByHand && !isAnothers;
  if (w.provider.marks !== false) return isMarkedOurs(mark, w.secret.hash) || (wasMade && !everCurrent);
  return wasMade || (everCurrent && !w.state.ledgerLost && wasSeen(w, key.keyId));
}

// Once nothing goes wrong any more every old key ends when it is due, and not some time later. What people did until then, and
// the last rotation itself, gives what was current before a grace once more (ADR 20).
function judgeAge(w: World, lastRotationAt: number): void {
  for (const known of w.oracle.keys()) {
    const { owedUntil, goneAt = Infinity, harmed, everCurrent, switchedOn } = known;
    if (harmed || switchedOn || !everCurrent || owedUntil === Infinity || !isOurs(known, w)) continue;
    if (goneAt > Math.max(owedUntil, lastRotationAt + graceMs) + longestEndMs) {
      w.oracle.broken('I3', 'An old key lived on after its grace and its soak');
    }
  }
}

function isPendingElsewhere(w: World, current: string | undefined): boolean {
  const pending = w.truth()?.labels.get('AWSPENDING');
  return pending !== undefined && pending !== current;
}

const isMarkedOurs = (mark: string | undefined, hash: string) => mark?.includes(`/lab/${hash}/`) === true;

function announcedLast({ published, secret }: World): unknown {
  const told = published.findLast(
    (event) => event['detail-type'] === 'SecretRotated' && event.resources[0] === secret.arn,
  );
  return told?.detail.data['versionId'];
}
