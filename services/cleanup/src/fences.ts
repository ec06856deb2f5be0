import { listSuperseded, type Superseded } from '@keyturn/aws/supersession';
import type { CheckResult } from '@keyturn/credential-provider/credential-provider';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf, ownership, type Mark } from '@keyturn/rotation/mark';
import { readAgreeing } from '@keyturn/rotation/shape';

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
  // First of all, and whatever the policy says: a current key that is off is an outage.
  if (await restoreCurrent(live, deps, row.correlationId))
    throw new TransientError('The current key had to be restored first');
  const labels = labelsOf(live, row.versionId);
  if (labels.includes('AWSCURRENT') || labels.includes('AWSPENDING')) return raised(row, live, deps);

  const dueAt = earliest(row, live);
  if (deps.clock.now() < dueAt) return { verdict: 'wait', row: { ...row, dueAt } };
  obeyPolicy(row, live);

  const old = await findOldKey(row, live, deps);
  if (old === undefined) return { verdict: 'wait', row: { ...row, stage: 'retired', dueAt: null } };
  if (await isNamed(old, row, live, deps)) return raised(row, live, deps);
  const sharedUntil = await namedUntil(old, row, live, deps);
  if (deps.clock.now() < sharedUntil) return { verdict: 'wait', row: { ...row, dueAt: sharedUntil } };
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

// By the version's value; where Secrets Manager has dropped the version, or the provider chose another key than was stored, by the mark on the key.
// undefined: there is no such key any more. Looked for where the key was while it was current, which the tags may have forgotten.
async function findOldKey(row: Superseded, { secret }: Live, deps: Deps): Promise<OldKey | undefined> {
  const mark = markOf(secret.arn, row.versionId, secret.environment);
  const provider = deps.issue(row.provider);
  const version = await deps.secrets.value(secret.arn, { versionId: row.versionId });
  const credential = version === undefined ? undefined : credentialIn(secret, version);
  if (credential !== undefined) {
    const check = await provider.check({ target: row.target, credential, probe: 'none', times: 1 });
    if (check.key.state !== 'absent') return fromCheck(check, credential, mark);
  }
  const listed = (await provider.list({ target: row.target })).find((key) => key.mark === formatMark(mark));
  if (listed !== undefined) return { ...listed, credential: undefined, mark: formatMark(mark) };
  return credential === undefined
    ? undefined
    : { ...absent, keyId: credential.keyId, credential, mark: formatMark(mark) };
}

const absent = { state: 'absent' } as const;

function fromCheck({ key }: CheckResult, credential: Credential, mark: Mark): OldKey {
  const base = { keyId: credential.keyId, credential, mark: formatMark(mark) };
  if (key.state === 'absent') return { ...base, ...absent };
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

// Under another version id the same key may be current or pending again: somebody pasted it back. And what is said never to have been current must
// not be what was current until now.
async function isNamed(old: OldKey, { kind }: Superseded, live: Live, { secrets }: Deps): Promise<boolean> {
  if (isKeyOf(old, live.current)) return true;
  for (const stage of kind === 'orphan' ? ['AWSPENDING', 'AWSPREVIOUS'] : ['AWSPENDING']) {
    const version = await secrets.value(live.secret.arn, { stage });
    if (version !== undefined && isKeyOf(old, credentialIn(live.secret, version))) return true;
  }
  return false;
}

// Or it was current under another version id later than under this one: whoever read that version holds it until that one's grace is over.
async function namedUntil(old: OldKey, row: Superseded, live: Live, { ledger, secrets }: Deps): Promise<number> {
  let until = 0;
  for (const { value: other } of await listSuperseded(ledger, row.secretArn)) {
    if (other.versionId === row.versionId || other.stage === 'retired') continue;
    const version = await secrets.value(row.secretArn, { versionId: other.versionId });
    const same = version !== undefined && isKeyOf(old, credentialIn(live.secret, version));
    if (same) until = Math.max(until, earliest({ ...other, stage: 'grace' }, live));
  }
  return until;
}

function isKeyOf(old: OldKey, credential: Credential | undefined): boolean {
  return credential?.keyId.reveal() === old.keyId.reveal();
}

// The gate: as long as the current key is not proven to work, the old one may be needed.
async function proveCurrent({ secret, version, current }: Live, deps: Deps): Promise<void> {
  // Somebody changed the current version in one place only: whoever reads another one of its places gets the old key.
  readAgreeing(secret.shape, version);
  const { probe } = secret.policy;
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
  return version !== undefined && isKeyOf(old, credentialIn(secret, version));
}
