import type { Superseded } from '@keyturn/aws/supersession';
import type { CheckResult, ListedKey } from '@keyturn/credential-provider/credential-provider';
import { sameKey, type Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf, ownership, type Mark } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { credentialIn, labelsOf, type Live } from './managed-versions.ts';
import { restoreCurrent } from './restore-current.ts';

/** The key to retire, as the provider knows it now. */
export type OldKey = {
  readonly keyId: Hidden;
  /** undefined where Secrets Manager has dropped the version; the key was found by its mark. */
  readonly credential: Credential | undefined;
  readonly mark: string;
  readonly state: 'absent' | 'enabled' | 'disabled' | 'unusable';
};

export type Verdict =
  | { readonly verdict: 'go'; readonly old: OldKey }
  /** Not yet, or not any more: the row is to be written so. */
  | { readonly verdict: 'wait'; readonly row: Superseded };

/**
 * Whether the key of a superseded version may be touched. Passed before it is disabled and again before it is deleted, and never remembered. Throws
 * PermanentError with the reason for holding it, TransientError to look again soon.
 */
export async function passFences(row: Superseded, live: Live, deps: Deps): Promise<Verdict> {
  const labels = labelsOf(live, row.versionId);
  if (labels.includes('AWSCURRENT') || labels.includes('AWSPENDING')) return raised(row, live, deps);

  const dueAt = earliest(row, live);
  if (deps.clock.now() < dueAt) return { verdict: 'wait', row: { ...row, dueAt } };
  obeyPolicy(row, live);

  const old = await findOldKey(row, live, deps);
  if (old === undefined) return { verdict: 'wait', row: { ...row, stage: 'retired', dueAt: null } };
  if (await isNamed(old, live, deps)) return raised(row, live, deps);
  if (await restoreCurrent(live, deps, row.correlationId))
    throw new TransientError('The current key had to be restored first');
  await proveCurrent(live, deps);
  return { verdict: 'go', old };
}

// Supersession is only ever raised: a version that is current now was superseded at the earliest now.
function raised(row: Superseded, live: Live, { clock }: Deps): Verdict {
  const again: Superseded = { ...row, stage: 'grace', supersededAt: clock.now(), disabledAt: null, held: null };
  return { verdict: 'wait', row: { ...again, dueAt: earliest(again, live) } };
}

/** When the next step may be taken at the earliest, by what the policy says now. */
function earliest(row: Superseded, { secret }: Live): number {
  const { marginMs, orphanMinAgeMs } = secret.timing;
  const waitMs = row.kind === 'orphan' ? orphanMinAgeMs : secret.policy.graceMs;
  const graceEnd = row.supersededAt + waitMs + marginMs;
  const soakMs = Math.max(secret.policy.soakMs, secret.provider.config.revocation);
  return row.stage === 'disabled' ? Math.max(graceEnd, (row.disabledAt ?? 0) + soakMs) : graceEnd;
}

function obeyPolicy({ approvedAt }: Superseded, { secret }: Live): void {
  const { retirement } = secret.policy;
  if (retirement === 'observe') throw new PermanentError('observe-only', 'The policy only reports');
  if (retirement === 'approve' && approvedAt === null)
    throw new PermanentError('not-approved', 'Nobody approved it yet');
}

// By the version's value; where Secrets Manager has dropped the version, by the mark on the key. undefined: there is no such key any more.
async function findOldKey(row: Superseded, live: Live, deps: Deps): Promise<OldKey | undefined> {
  const { secret } = live;
  const mark = markOf(secret.arn, row.versionId, secret.environment);
  const provider = deps.issue(secret.provider.id);
  const version = await deps.secrets.value(secret.arn, { versionId: row.versionId });
  const credential = version === undefined ? undefined : credentialIn(secret, version);
  if (credential === undefined) {
    const listed = (await provider.list({ target: secret.target })).find((key) => key.mark === formatMark(mark));
    return listed === undefined ? undefined : fromList(listed, mark);
  }
  const check = await provider.check({ target: secret.target, credential, probe: 'none', times: 1 });
  return fromCheck(check, credential, mark);
}

function fromList({ keyId, state }: ListedKey, mark: Mark): OldKey {
  return { keyId, state, credential: undefined, mark: formatMark(mark) };
}

function fromCheck({ key }: CheckResult, credential: Credential, mark: Mark): OldKey {
  const base = { keyId: credential.keyId, credential, mark: formatMark(mark) };
  if (key.state === 'absent') return { ...base, state: 'absent' };
  switch (ownership(key.mark, mark)) {
    case 'this-secret':
      return { ...base, state: key.state };
    case 'other-secret':
      throw new PermanentError('shared-key', 'The key bears the mark of another secret');
    case 'unmarked':
    case 'other-installation':
      throw new PermanentError('not-yours', 'The key does not bear our mark');
  }
}

// Under another version id the same key may be current or pending again: somebody pasted it back.
async function isNamed(old: OldKey, live: Live, { secrets }: Deps): Promise<boolean> {
  const named = (other: Credential | undefined) => other?.keyId.reveal() === old.keyId.reveal();
  if (named(live.current)) return true;
  const pending = await secrets.value(live.secret.arn, { stage: 'AWSPENDING' });
  return pending !== undefined && named(credentialIn(live.secret, pending));
}

// The gate: as long as the current key is not proven to work, the old one may be needed.
async function proveCurrent({ secret, current }: Live, deps: Deps): Promise<void> {
  const probe = secret.policy.verification === 'dataPlane' ? 'credential' : 'none';
  const { key, use } = await deps
    .issue(secret.provider.id)
    .check({ target: secret.target, credential: current, probe, times: 1 });
  if (key.state !== 'enabled' || key.secretMatches === false) {
    throw new PermanentError('key-rejected', 'The current key is not usable');
  }
  if (use.outcome === 'no-probe') throw new PermanentError('misconfigured', 'No probe fits the current key');
  if (use.outcome === 'rejected') throw new PermanentError('key-rejected', 'The current key is refused in use');
}

/** Read again after the key was disabled: is it what applications get by now? */
export async function becameCurrent(old: OldKey, { secret }: Live, { secrets }: Deps): Promise<boolean> {
  const version = await secrets.value(secret.arn, { stage: 'AWSCURRENT' });
  const current = version === undefined ? undefined : credentialIn(secret, version);
  return current !== undefined && old.credential !== undefined && sameKey(current, old.credential);
}
