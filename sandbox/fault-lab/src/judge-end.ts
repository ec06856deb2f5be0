import type { World } from './world.ts';

/**
 * Nothing is due, pending or on its way, one key is left, and it is announced: the state in which every run begins, so what comes now is what came then.
 */
export function isAtRest(w: World): boolean {
  const { versionId, key: current, works } = w.oracle.current();
  const truth = w.truth();
  const labels = truth?.labels;
  const idle =
    w.scheduler.alive() + w.calls.late() + w.state.trails === 0 &&
    Object.values(w.queues).every((queue) => queue.waiting() + queue.deadLetters.length === 0);
  if (!idle || !works || labels === undefined || truth?.rotationEnabled !== true || truth.deletionAt !== undefined)
    return false;
  if (truth.open !== undefined || (labels.has('AWSPENDING') && labels.get('AWSPENDING') !== versionId)) return false;
  const stored = w.provider.stored(w.secret.target);
  if (stored.length !== 1 || stored[0]?.keyId !== current?.key.keyId || !isMarkedOurs(stored[0]?.mark, w)) return false;
  const rows = w.rows.rows();
  if (rows.some(({ row, value }) => row.startsWith('superseded#') && value['stage'] !== 'retired')) return false;
  const told = rows.find(({ row }) => row === 'announcement')?.value;
  return (
    told?.['currentVersionId'] === versionId && told?.['announced'] === told?.['n'] && announcedLast(w) === versionId
  );
}

const isMarkedOurs = (mark: string | undefined, w: World) => mark?.includes(`/lab/${w.secret.hash}/`) === true;

/** What has to be so in the end, however it began: nothing is left over, and the next rotation goes as any other. */
export function judgeEnd(w: World, lastRotationAt: number): void {
  const { oracle } = w;
  const { versionId, key: current, works } = oracle.current();
  if (!works) oracle.broken('I1', 'In the end the current key does not work');
  for (const { key, there, everCurrent, harmed } of oracle.keys()) {
    if (!there || key.keyId === current?.key.keyId || harmed) continue;
    const mark = w.provider.stored(w.secret.target).find(({ keyId }) => keyId === key.keyId)?.mark;
    const ours = isMarkedOurs(mark, w);
    // A key without a mark is a person's; its owner was told that it is left.
    if (mark === undefined && everCurrent && !wasHeld(w))
      oracle.broken('I3', 'A key without a mark is left, and nobody was told');
    if (ours) oracle.broken('I3', 'A key is left that no version in use names');
  }
  if (announcedLast(w) !== versionId) oracle.broken('I5b', 'Subscribers were not told of the current version');
  const pending = w.truth()?.labels.get('AWSPENDING');
  if (pending !== undefined && pending !== versionId) oracle.broken('I11', 'A version is pending still');
  if (oracle.movedAt() < lastRotationAt) oracle.broken('I11', 'The next rotation did not come to its end');
  for (const bug of w.bugs) oracle.broken('bug', String(bug));
}

function wasHeld({ published }: World): boolean {
  return published.some((event) => event['detail-type'] === 'RetirementHeld');
}

function announcedLast({ published, secret }: World): unknown {
  const told = published.findLast(
    (event) => event['detail-type'] === 'SecretRotated' && event.resources[0] === secret.arn,
  );
  return told?.detail.data['versionId'];
}
