import type { World } from './world.ts';

/** What has to be so in the end, however it began: nothing is left over, and the next rotation goes as any other. */
export function judgeEnd(w: World, lastRotationAt: number): void {
  const { oracle } = w;
  const { versionId, key: current, works } = oracle.current();
  if (!works) oracle.broken('I1', 'In the end the current key does not work');
  for (const { key, there, everCurrent, harmed } of oracle.keys()) {
    if (!there || key.keyId === current?.key.keyId || harmed) continue;
    const mark = w.provider.stored(w.target).find(({ keyId }) => keyId === key.keyId)?.mark;
    const ours = mark?.includes(`/lab/${w.hash}/`) === true;
    // A key without a mark is a person's; its owner was told that it is left.
    if (mark === undefined && everCurrent && !wasHeld(w)) oracle.broken('I3', 'A key without a mark is left, and nobody was told');
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
