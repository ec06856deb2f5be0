import { noteOwnRead } from '@keyturn/aws/own-reads';
import { giveLeaseBack, takeLease } from '@keyturn/aws/lease';
import { fingerprint, sameCredential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { readCredential } from '@keyturn/rotation/shape';

import { secretArgument, textOption } from './arguments.ts';
import type { Call, Command, Deps } from './command.ts';
import { labelled, leavingSecret, type LeavingSecret } from './live-secret.ts';

export const rollback: Command = {
  name: 'rollback',
  summary: 'Make the previous key current again',
  usage: '<secret> [--to VERSION] [--yes]',
  details: [
    'Moves AWSCURRENT back to the previous version (or to --to). Its key must still exist at the provider; if it was',
    'switched off it is switched on and tested first. The newer key is retired instead, after a grace of its own.',
    'Nothing is changed without --yes.',
  ].join('\n'),
  options: {
    to: { type: 'string', help: 'version id to go back to; AWSPREVIOUS if left out' },
    yes: { type: 'boolean', help: 'do it' },
  },
  async run(call, deps) {
    const live = await leavingSecret(secretArgument(call), deps);
    await refuseWithoutOverlap(live, deps);
    const back = await previousKey(live, call, deps);
    const confirmed = call.options['yes'] === true;
    if (confirmed) await goBack(live, back, deps);
    const { name } = live.description;
    return {
      ok: true,
      lines: [
        `${name}: key ${fingerprint(back.credential.keyId)} of version ${back.versionId} ${confirmed ? 'is current again' : 'would be current again'}.`,
        confirmed
          ? `Version ${live.versionId} is retired after its grace.`
          : 'Nothing was changed. Add --yes to do it.',
      ],
      answer: {
        secret: name,
        versionId: back.versionId,
        previousVersionId: live.versionId,
        rolledBack: confirmed,
      },
    };
  },
};

async function refuseWithoutOverlap({ secret }: LeavingSecret, deps: Deps): Promise<void> {
  if (!secret.policy.acceptOutage || (await deps.issue(secret.provider.id).describe()).overlap !== 'none') return;
  throw new PermanentError(
    'unsupported',
    'The provider ended every earlier key when it made the current one: there is nothing to go back to. Rotate again instead',
    { field: `policies.${secret.policy.id}.acceptOutage` },
  );
}

type Back = { readonly versionId: string; readonly credential: Credential };

async function previousKey({ description, secret, credential }: LeavingSecret, call: Call, deps: Deps): Promise<Back> {
  const versionId = textOption(call, 'to') ?? labelled(description, 'AWSPREVIOUS');
  const version = versionId === undefined ? undefined : await readKnowingly(secret.arn, versionId, deps);
  if (versionId === undefined || version === undefined) {
    throw new PermanentError('secret-missing', 'There is no such version to go back to', { field: '--to' });
  }
  const previous = readCredential(secret.shape, version);
  if (previous === undefined) {
    throw new PermanentError('shape-mismatch', 'That version holds no credential', { field: '--to' });
  }
  // The same key id beside another secret is a typo that somebody made: to go back is what helps.
  if (credential !== undefined && sameCredential(previous, credential)) {
    throw new PermanentError('same-key', 'That version holds the key that is current already', { field: '--to' });
  }
  return { versionId, credential: previous };
}

// Noted before, so that the sweep does not take a person's look at what a rollback would do for a reader of the old version.
async function readKnowingly(secretArn: string, versionId: string, { secrets, ledger, clock }: Deps) {
  await noteOwnRead(ledger, { secretArn, versionId, at: clock.now() });
  return secrets.value(secretArn, { versionId });
}

/** Longer than an enable and a test take; the hold-off between them comes on top. */
const leaseMs = 900_000;

// Under the target's lease, so that the sweep does not retire in the meantime what is being switched on.
async function goBack(live: LeavingSecret, back: Back, deps: Deps): Promise<void> {
  const { provider, target, policy } = live.secret;
  const lease = { provider: provider.id, target, holder: deps.newId(), now: deps.clock.now() };
  if (!(await takeLease(deps.ledger, { ...lease, durationMs: leaseMs + policy.holdOffMs }))) {
    throw new TransientError('The sweep, or somebody else, is at work on the same target');
  }
  try {
    await moveBack(live, back, deps);
  } finally {
    await giveLeaseBack(deps.ledger, lease);
  }
}

// Switched on and seen working before anything points to it.
async function moveBack(live: LeavingSecret, { versionId, credential }: Back, deps: Deps): Promise<void> {
  const { secret, versionId: from } = live;
  const { target, policy } = secret;
  const provider = deps.issue(secret.provider.id);
  const { key } = await provider.check({ target, credential, probe: 'none', times: 1 });
  if (key.state === 'absent') throw gone();
  if (key.state === 'disabled') {
    const mark = formatMark(markOf(secret.arn, versionId, secret.environment));
    await deps.retire(secret.provider.id).enable({ target, keyId: credential.keyId, mark });
    await deps.clock.sleep(policy.holdOffMs);
  }
  const { probe } = policy;
  const check = await provider.check({ target, credential, probe, times: policy.accepts });
  if (check.key.state === 'absent') throw gone();
  if (check.key.state !== 'enabled') {
    throw new PermanentError('key-disabled', 'The provider does not switch the key of that version on', {
      field: '--to',
    });
  }
  if (check.key.secretMatches === false) {
    throw new PermanentError('not-yours', 'The provider stores another secret for the key of that version', {
      field: '--to',
    });
  }
  if (check.use.outcome === 'rejected') {
    throw new PermanentError('key-rejected', `The key of that version is refused: ${check.use.code}`, {
      field: '--to',
    });
  }
  const moved = await deps.secrets.moveCurrent({ arn: secret.arn, from, to: versionId });
  if (moved === 'lost')
    throw new TransientError('AWSCURRENT moved in the meantime; look at `keyturn status` and try again');
  // Left on the version we came from, Secrets Manager would take its rotation up again.
  await deps.secrets.dropPending({ arn: secret.arn, versionId: from });
}

function gone(): PermanentError {
  return new PermanentError('not-yours', 'The key of that version is deleted at the provider', { field: '--to' });
}
