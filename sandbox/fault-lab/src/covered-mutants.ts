/** A safeguard, or a layer of one, that the lab does not miss alone. */
export type Covered = {
  readonly mutant: string;
  /** What stands behind it. */
  readonly by: string;
  /** Ids of mutants that the lab notices when all of them are missing, by a run that breaks nothing where any one of them is there. */
  readonly together: readonly string[];
};

const proof = ['mark-in-proof', 'mark-at-mark', 'shared-key'];
const retiring = ['mark-in-cleanup', 'mark-in-adapter'];
const abandoned = ['guard-abandoned', 'pending-in-read', 'pending-at-move'];
const telling = ['hint', 'label-event', 'watchdog'];
const current = ['not-current-by-label', 'not-current-by-key'];
const pending = ['not-pending-by-label', 'not-pending-by-key'];

export const covered: readonly Covered[] = [
  { mutant: 'mark-in-proof', by: 'the adapter, which marks no key of another secret', together: proof },
  { mutant: 'mark-at-mark', by: 'the proof of possession, which comes before it', together: proof },
  { mutant: 'mark-in-cleanup', by: "the adapter's retire half, which looks at the mark itself", together: retiring },
  { mutant: 'mark-in-adapter', by: 'cleanup, which looks at the mark before it asks', together: retiring },
  {
    mutant: 'guard-current',
    by: 'the handler, which tells no failure of a version that is current',
    together: ['guard-current', 'current-not-failed'],
  },
  { mutant: 'guard-abandoned', by: 'reads of the pending version by its label', together: abandoned },
  { mutant: 'pending-in-read', by: 'the guard, and the look before the move', together: abandoned },
  { mutant: 'pending-at-move', by: 'the guard, and reads of the pending version by its label', together: abandoned },
  { mutant: 'hint', by: "Secrets Manager's own event, and the watchdog", together: telling },
  { mutant: 'label-event', by: "the handler's hint, and the watchdog", together: telling },
  { mutant: 'not-current-by-label', by: 'the fence by key', together: current },
  { mutant: 'not-current-by-key', by: 'the fence by label', together: current },
  { mutant: 'not-pending-by-label', by: 'the fence by key', together: pending },
  { mutant: 'not-pending-by-key', by: 'the fence by label', together: pending },
  {
    mutant: 'grace-in-row',
    by: 'the fence, which reckons the grace anew',
    together: ['grace-in-row', 'grace-in-fence'],
  },
  {
    mutant: 'minimum-age',
    by: 'the fence that waits until the announcer has seen a change',
    together: ['minimum-age', 'unseen'],
  },
  {
    mutant: 'unseen',
    by: 'the minimum age, and the grace that the announcer begins at the label event',
    together: ['minimum-age', 'unseen'],
  },
  {
    mutant: 're-read',
    by: 'the look at the secret right after it, and the restoring of a current key, by the label event',
    together: ['re-read', 'look-after', 'label-event'],
  },
  { mutant: 'restore', by: 'the switching on of a key in its grace', together: ['restore', 'switch-on'] },
  { mutant: 'switch-on', by: 'the restoring of a current key', together: ['restore', 'switch-on'] },
  {
    mutant: 'fences-before-delete',
    by: 'the restoring of a current key, which no delete follows',
    together: ['fences-before-delete', 'restore'],
  },
  {
    mutant: 'raised-by-sweep',
    by: 'the announcer, which raises it at the label event, and the fence that waits until it has seen a change',
    together: ['raised-by-sweep', 'unseen', 'label-event'],
  },
];
