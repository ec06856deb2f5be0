/** One safeguard, or one layer of it, taken out of the sources. */
export type Mutant = {
  readonly id: string;
  /** What is missing then, in the words of docs/reliability.md. */
  readonly safeguard: string;
  readonly edits: readonly Edit[];
  /** Intruders that the safeguard is there for: they come first. */
  readonly against?: readonly string[];
};

export type Edit = {
  /** Path in the repository. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
};

const handler = 'services/rotation-handler/src';
const cleanup = 'services/cleanup/src';
const port = 'packages/credential-provider/src';
const aws = 'packages/aws/src';
const lab = 'sandbox/fault-lab/src';

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
const without = (file: string, find: string): Edit => edit(file, find, '');

export const mutants: readonly Mutant[] = [
  {
    id: 'pending-first',
    safeguard: 'pending written before the provider call',
    edits: [
      edit(
        `${handler}/create-secret.ts`,
        '  await secrets.putPending({',
        `  await provider.ensure({
    target: secret.target, credential: proposed, like: credential, entitlements: secret.policy.entitlements, mark,
    approve: secret.policy.approvePendingProducts,
  });
  await secrets.putPending({`,
      ),
    ],
  },
  {
    id: 'read-back-pending',
    safeguard: 'read-back instead of regenerate',
    edits: [without(`${handler}/create-secret.ts`, '  if (written !== undefined) return;\n')],
  },
  {
    id: 'read-back-key',
    safeguard: 'read-back instead of regenerate: a key that is there already is compared',
    edits: [
      edit(
        `${port}/memory-ensure.ts`,
        '  if ((await find(target, keyId, parts)) === undefined) {\n    if (options.mode',
        "  if ((await find(target, keyId, parts)) !== undefined) {\n    if (options.mode === 'chosen') throw refusal('key-conflict', 'The key exists', 'keyId');\n  } else {\n    if (options.mode",
      ),
    ],
  },
  {
    id: 'possession',
    against: ['paste-of-a-strangers-key'],
    safeguard: 'proof of possession',
    edits: [
      without(
        `${port}/ownership-proof.ts`,
        "  if (key.state === 'absent') return { owner: 'unproven', why: 'absent' };\n",
      ),
      without(
        `${port}/ownership-proof.ts`,
        "  if (key.secretMatches === false) return { owner: 'unproven', why: 'secret-differs' };\n",
      ),
    ],
  },
  {
    id: 'mark-in-proof',
    against: ['second-secret'],
    safeguard: 'mark check before a rotation',
    edits: [
      without(`${port}/ownership-proof.ts`, "  if (bears === 'other-installation') return { owner: bears };\n"),
      edit(`${port}/ownership-proof.ts`, "  if (bears === 'other-secret') return", '  if (false) return'),
    ],
  },
  {
    id: 'mark-at-mark',
    against: ['second-secret'],
    safeguard: 'mark check in the adapter, where a key is marked',
    edits: [
      without(
        `${port}/memory-issue.ts`,
        "      if (isForeign(key, mark)) throw refusal('not-yours', 'The key bears a mark that is not ours', 'mark');\n",
      ),
    ],
  },
  {
    id: 'mark-in-cleanup',
    against: ['paste-of-a-key-of-another-stage'],
    safeguard: 'mark check in cleanup',
    edits: [
      edit(`${cleanup}/old-key.ts`, '    if (isSomebodyElses(check, mark, row)) return undefined;\n', ''),
      edit(
        `${cleanup}/old-key.ts`,
        '  if (isOwn(key, mark, capabilities)) return { ...base, state: key.state };',
        '  if (isOwn(key, mark, capabilities) || true) return { ...base, state: key.state };',
      ),
    ],
  },
  {
    id: 'mark-in-adapter',
    against: ['paste-of-a-key-of-another-stage'],
    safeguard: "mark check in the adapter's retire half",
    edits: [
      edit(
        `${port}/memory-retire.ts`,
        "|| ownership(key.mark, ours) === 'this-secret') return key;",
        '|| ours) return key;',
      ),
    ],
  },
  {
    id: 'guard-current',
    safeguard: 'three-way guard: a token that is current is finished',
    edits: [
      edit(
        `${handler}/guard-rotation.ts`,
        "  if (labels.includes('AWSCURRENT')) return 'finished';",
        "  if (labels.includes('AWSCURRENT')) return 'proceed';",
      ),
    ],
  },
  {
    id: 'guard-abandoned',
    against: ['pending-taken-off'],
    safeguard: 'three-way guard: a token without a label is abandoned',
    edits: [
      edit(
        `${handler}/guard-rotation.ts`,
        "  throw new PermanentError('abandoned', 'The version is not pending any more', { field: 'ClientRequestToken' });",
        "  return 'proceed';",
      ),
    ],
  },
  {
    id: 'pending-at-move',
    against: ['pending-taken-off'],
    safeguard: 'three-way guard: looked at again before the move',
    edits: [edit(`${handler}/finish-secret.ts`, '  if (!pendingStill)\n', '  if (pendingStill === undefined)\n')],
  },
  {
    id: 'hold-off',
    safeguard: 'hold-off',
    edits: [
      without(`${handler}/test-secret.ts`, '  if (!dryRun) await holdOff(rotation, deps, credentials.pending);\n'),
    ],
  },
  {
    id: 'second-check',
    against: ['pending-key-removed'],
    safeguard: 'second check in finish',
    edits: [without(`${handler}/finish-secret.ts`, '  await checkAgain(rotation, credentials);\n')],
  },
  {
    id: 'compare-and-set',
    against: ['console-edit', 'rollback'],
    safeguard: 'compare-and-set',
    edits: [
      without(
        `${handler}/finish-secret.ts`,
        "  if (from !== checkedVersionId) throw new TransientError('AWSCURRENT moved during the last check');\n",
      ),
    ],
  },
  {
    id: 'hint',
    safeguard: 'hint after the move',
    edits: [without(`${handler}/finish-secret.ts`, "  await sendHint('LabelMoved', about, deps);\n")],
  },
  {
    id: 'label-event',
    safeguard: 'native label event',
    edits: [
      without(
        `${lab}/lab-secrets-manager.ts`,
        "      if (moved.label === 'AWSCURRENT' || tellsAll) tellLabel(moved);\n",
      ),
    ],
  },
  {
    id: 'watchdog',
    against: ['cancel', 'provider-down'],
    safeguard: 'watchdog',
    edits: [
      edit(
        `${lab}/services.ts`,
        '(_, deadline) => watchFleet(deadline, watching)',
        'async () => void watchFleet && void watching',
      ),
    ],
  },
  {
    id: 'not-current-by-label',
    against: ['rollback'],
    safeguard: 'not-current fence: by the label of the version',
    edits: [
      edit(
        `${cleanup}/fences.ts`,
        "labels.includes('AWSCURRENT') || labels.includes('AWSPENDING')",
        "labels.includes('AWSPENDING')",
      ),
    ],
  },
  {
    id: 'not-current-by-key',
    against: ['rollback', 'console-edit'],
    safeguard: 'not-current fence: by the key, under whatever version',
    edits: [without(`${cleanup}/named-keys.ts`, '  if (current.keyId.reveal() === old.keyId.reveal()) return true;\n')],
  },
  {
    id: 'not-pending-by-label',
    against: ['pending-taken-off-and-put-back'],
    safeguard: 'not-pending fence: by the label of the version',
    edits: [
      edit(
        `${cleanup}/fences.ts`,
        "labels.includes('AWSCURRENT') || labels.includes('AWSPENDING')",
        "labels.includes('AWSCURRENT')",
      ),
    ],
  },
  {
    id: 'not-pending-by-key',
    against: ['pending-taken-off-and-put-back'],
    safeguard: 'not-pending fence: by the key, under whatever version',
    edits: [without(`${cleanup}/named-keys.ts`, '  if (await holdsKey(secret, pending, old.keyId)) return true;\n')],
  },
  {
    id: 'grace-in-row',
    safeguard: 'grace: in the row that the announcer writes',
    edits: [
      edit(
        'services/announcer/src/note-gone.ts',
        '      dueAt: supersededAt + secret.policy.graceMs + secret.timing.marginMs,',
        '      dueAt: supersededAt,',
      ),
    ],
  },
  {
    id: 'grace-in-fence',
    against: ['rollback', 'ledger-of-yesterday'],
    safeguard: 'grace: in the fence',
    edits: [
      edit(
        `${cleanup}/due-time.ts`,
        'row.supersededAt + waitMs + marginMs',
        'row.supersededAt + (waitMs && 0) + (marginMs && 0)',
      ),
    ],
  },
  {
    id: 'margin',
    against: ['clocks-apart'],
    safeguard: 'margin',
    edits: [edit('packages/config/src/timing.ts', 'marginMs: 2 * toleratedSkew', 'marginMs: 0 * toleratedSkew')],
  },
  {
    id: 'minimum-age',
    against: ['pending-taken-off'],
    safeguard: 'minimum age',
    edits: [edit('packages/config/src/timing.ts', 'orphanMinAgeMs: orphanMinAge', 'orphanMinAgeMs: 0 * orphanMinAge')],
  },
  {
    id: 'lease',
    against: ['second-sweep'],
    safeguard: 'lease',
    edits: [
      edit(
        `${cleanup}/retire-version.ts`,
        '  if (!(await takeLease(ledger, { ...lease, durationMs: leaseMs }))) return;',
        '  await takeLease(ledger, { ...lease, durationMs: leaseMs });',
      ),
    ],
  },
  {
    id: 're-read',
    against: ['rollback'],
    safeguard: 're-read after disable',
    edits: [
      edit(
        `${cleanup}/disable-version.ts`,
        '    if (!(await becameCurrent(old, live, deps))) return;',
        '    if (!(await becameCurrent(old, live, deps)) || true) return;',
      ),
    ],
  },
  {
    id: 'restore',
    against: ['rollback', 'rollback-and-forth'],
    safeguard: 'a current key that is off is switched on',
    edits: [
      without(
        `${cleanup}/settle-current.ts`,
        '  if (await restoreCurrent(live, seen.key, deps, correlationId)) return true;\n',
      ),
    ],
  },
  {
    id: 'fences-before-delete',
    against: ['rollback'],
    safeguard: 'fences before delete',
    edits: [
      edit(
        `${cleanup}/retire-version.ts`,
        '  const passed = await passFences(row.value, live, deps);',
        "  const known = row.value.stage === 'disabled' ? await findOldKey(row.value, live, deps) : undefined;\n  const passed = known === undefined ? await passFences(row.value, live, deps) : ({ verdict: 'go', old: known } as const);",
      ),
      edit(
        `${cleanup}/retire-version.ts`,
        'import { closeRow,',
        "import { findOldKey } from './old-key.ts';\nimport { closeRow,",
      ),
    ],
  },
  {
    id: 'raised-by-sweep',
    against: ['rollback-and-forth', 'rollback'],
    safeguard: 'supersession only raised: by the sweep that finds it current',
    edits: [
      edit(
        `${cleanup}/fences.ts`,
        '  const again: Superseded = { ...row, ...beginning, mayBeOff, supersededAt };',
        '  const again: Superseded = { ...row, ...beginning, mayBeOff, supersededAt: Math.min(supersededAt, row.supersededAt) };',
      ),
    ],
  },
  {
    id: 'raised-by-note',
    against: ['rollback-and-forth', 'rollback'],
    safeguard: 'supersession only raised: by whoever sees it superseded again',
    edits: [
      edit(
        `${aws}/supersession.ts`,
        'if (existing !== undefined && saysMore(existing.value, note, currentAt)) return;',
        'if (existing !== undefined && (saysMore(existing.value, note, currentAt) || true)) return;',
      ),
    ],
  },
  {
    id: 'pause',
    against: ['fleet-paused'],
    safeguard: 'pause flag',
    edits: [
      edit(
        `${lab}/reached-ports.ts`,
        "paused: () => reach('fleet paused', () => fleet.paused()),",
        "paused: () => reach('fleet paused', async () => (await fleet.paused()) && false),",
      ),
    ],
  },
  {
    id: 'last-key',
    against: ['current-key-removed'],
    safeguard: 'last-key refusal',
    edits: [
      edit(
        `${port}/memory-retire.ts`,
        '  const others = keys.filter',
        '  if (keys.length > 0) return;\n  const others = keys.filter',
      ),
    ],
  },
  {
    id: 'pending-in-read',
    safeguard: 'three-way guard: the pending version is read by its label too',
    edits: [
      edit(
        `${handler}/rotation.ts`,
        "    const version = await secrets.value(description.arn, { versionId: request.token, stage: 'AWSPENDING' });",
        '    const version = await secrets.value(description.arn, { versionId: request.token });',
      ),
    ],
  },
  {
    id: 'switch-on',
    safeguard: 'a key in its grace that may be off is switched on',
    edits: [
      edit(
        `${cleanup}/switch-on.ts`,
        "  if (old?.state !== 'disabled') return false;",
        '  if (old !== undefined || old === undefined) return false;',
      ),
    ],
  },
  {
    id: 'unseen',
    safeguard: 'nothing ends while the announcer has not seen a change',
    edits: [
      edit(
        `${cleanup}/fences.ts`,
        '  if (hasSeen(known, description)) return;',
        '  if (hasSeen(known, description) || true) return;',
      ),
    ],
  },
  {
    id: 'look-after',
    safeguard: 'a secret that was changed while a key was being switched off has the key switched on again',
    edits: [
      edit(
        `${cleanup}/disable-version.ts`,
        '  if (row === undefined || (await changedSince(live, deps))) {',
        '  if (row === undefined) {',
      ),
    ],
  },
  {
    id: 'last-look',
    safeguard: 'secret and row are looked at once more before a key is deleted for good',
    edits: [
      edit(
        `${cleanup}/remove-version.ts`,
        '  if (isChanged || latest?.rev !== row.rev)',
        '  if (isChanged && latest?.rev !== row.rev && row.rev < 0)',
      ),
    ],
  },
  {
    id: 'current-not-failed',
    safeguard: 'what is current by then is not told as failed',
    edits: [
      edit(
        `${handler}/publish-failure.ts`,
        "if (live === 'new' && !retryable)",
        "if (live === 'new' && !retryable && token === '')",
      ),
    ],
  },
  {
    id: 'failure-by-handler',
    against: ['wrong-paste', 'pending-key-removed', 'cancel'],
    safeguard: 'the handler tells of its failure',
    edits: [
      without(`${handler}/rotate-secret.ts`, '    await publishFailure({ request, description, error }, deps);\n'),
    ],
  },
  {
    id: 'failure-by-trail',
    against: ['wrong-paste', 'pending-key-removed', 'cancel'],
    safeguard: "the announcer tells of a failure that Secrets Manager's own event shows",
    edits: [
      without(
        'services/announcer/src/announce-failure.ts',
        '  await deps.bus.publish(RotationFailed.create(facts, about));\n',
      ),
    ],
  },
  {
    id: 'verification',
    against: ['wrong-paste', 'paste-of-unknown-key'],
    safeguard: 'a current key that does not work is told',
    edits: [
      edit(
        'services/verifier/src/verify-current.ts',
        '  await deps.bus.publish(\n    problem === undefined',
        '  if (problem !== undefined) return;\n  await deps.bus.publish(\n    problem === undefined',
      ),
    ],
  },
  {
    id: 'shared-key',
    safeguard: 'no other secret names the key',
    edits: [
      edit(`${cleanup}/fences.ts`, '  await refuseSharedKey(old, row, deps);\n', '  void refuseSharedKey;\n'),
      edit(
        `${cleanup}/disable-version.ts`,
        '    await refuseSharedKey(old, row.value, deps);\n',
        '    void refuseSharedKey;\n',
      ),
      edit(
        `${cleanup}/remove-version.ts`,
        '  await refuseSharedKey(old, row.value, deps);\n',
        '  void refuseSharedKey;\n',
      ),
    ],
  },
];
