import { pasteHandMade, rollBack } from './intruders.ts';
import { rotation, type World } from './world.ts';

/** What a person does by the runbooks, once everything that can break has. */
export function repair(w: World): void {
  w.state.down.clear();
  w.state.skewMs.clear();
  void w.fleet.set('running');
  const truth = w.truth();
  if (truth?.deletionAt !== undefined) w.byHand(() => w.model.restoreSecret({ SecretId: w.secret.arn }));
  if (truth?.rotationEnabled === false) {
    w.byHand(() =>
      w.model.rotateSecret({
        SecretId: w.secret.arn,
        ...rotation,
        RotateImmediately: false,
      }),
    );
  }
  // Of two secrets with one key one has to go, and if it was the first to claim the key, the other needs a new one.
  for (const { arn } of w.otherSecrets) {
    w.byHand(() => w.model.deleteSecret({ SecretId: arn, ForceDeleteWithoutRecovery: true }));
  }
  removeUnknown(w);
  const { key } = w.oracle.current();
  const mark = w.provider.stored(w.secret.target).find(({ keyId }) => keyId === key?.key.keyId)?.mark;
  if (mark !== undefined && !mark.includes(`/lab/${w.secret.hash}/`)) pasteHandMade(w);
  // Whoever is told that the current key does not work puts the one before it back, and if that does not work either, makes a new one.
  if (!w.oracle.current().works) rollBack(w);
  if (!w.oracle.current().works) pasteHandMade(w);
}

// Both slots are taken, and not by keys of this secret alone: docs/runbooks/quota.md.
function freeSlot(w: World): void {
  if (!w.published.some(({ detail }) => detail.data['reason'] === 'quota')) return;
  const { key: current } = w.oracle.current();
  for (const known of w.oracle.keys()) {
    const isOurs = known.mark?.includes(`/lab/${w.secret.hash}/`) === true;
    if (!known.there || isOurs || known === current || known.owedUntil > w.scheduler.now()) continue;
    w.byHand(() => w.provider.hand.remove(w.secret.target, known.key.keyId));
  }
}

// Where the provider makes the keys and made two at once, nobody but a person can tell which one is whose: docs/runbooks/key-conflict.md.
export function removeUnknown(w: World): void {
  freeSlot(w);
  const isConflict = w.published.some(({ detail }) => detail.data['reason'] === 'key-conflict');
  if (!isConflict) return;
  const { key: current } = w.oracle.current();
  for (const known of w.oracle.keys()) {
    // One that was current for a moment is held, and its owner knows.
    const isUnknown = known.there && known.mark === undefined && known !== current;
    if (!isUnknown || known.owedUntil > w.scheduler.now()) continue;
    w.byHand(() => w.provider.hand.remove(w.secret.target, known.key.keyId));
  }
}
