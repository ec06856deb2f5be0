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

function judgeLeftovers(w: World): void {
  const { oracle, published, state } = w;
  const { key: current } = oracle.current();
  const wasHeld = state.ledgerLost || published.some((event) => event['detail-type'] === 'RetirementHeld');
  for (const known of oracle.keys()) {
    if (!known.there || known.harmed || known === current) continue;
    if (isOurs(known, w)) oracle.broken('I3', 'A key is left that no version in use names');
    // A key without a mark is a person's, who is told that it is left.
    else if (known.mark === undefined && known.everCurrent && !wasHeld && wasSeen(w, known.key.keyId)) {
      oracle.broken('I3', 'A key without a mark is left, and nobody was told');
    }
  }
}

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

// Of a rotation in which nothing goes wrong any more the old key ends when it is due, and not some time later.
function judgeAge({ oracle }: World, lastRotationAt: number): void {
  for (const { owedUntil, goneAt = Infinity, harmed } of oracle.keys()) {
    if (harmed || owedUntil === Infinity || owedUntil < lastRotationAt + graceMs) continue;
    if (goneAt > owedUntil + longestEndMs) oracle.broken('I3', 'An old key lived on after its grace and its soak');
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
