import type { SecretVersion } from '@keyturn/aws/secret-store';
import type { Superseded } from '@keyturn/aws/supersession';
import type { ManagedSecret } from '@keyturn/config/managed-secret';
import type { Capabilities, CheckResult, ListedKey } from '@keyturn/credential-provider/credential-provider';
import { isOwn, isProvenByValue } from '@keyturn/credential-provider/ownership-proof';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf, ownership, type Mark } from '@keyturn/rotation/mark';

import { claimUnfinished } from './claim-unfinished.ts';
import type { Deps } from './deps.ts';
import { credentialIn, oldCredentialIn, readOldVersion, type Live } from './managed-versions.ts';

/** The key to retire, as the provider knows it now. */
export type OldKey = {
  readonly keyId: Hidden;
  /** undefined where Secrets Manager has dropped the version; the key was found by its mark. */
  readonly credential: Credential | undefined;
  readonly mark: string;
  readonly state: 'absent' | 'enabled' | 'disabled' | 'unusable';
};

/**
 * By the version's value; where Secrets Manager has dropped the version, nobody can read it, or the provider chose another key than was stored, by the
 * mark on the key, which one that was made and never finished gets here. Where keys bear no mark, by the value alone. undefined: there is no such key, or none that is ours to retire. Looked for where the key was while it was current, which the
 * tags may have forgotten. PermanentError: not-yours, shared-key, shape-mismatch (there may be a key, and nobody knows which).
 */
export async function findOldKey(row: Superseded, live: Live, deps: Deps): Promise<OldKey | undefined> {
  const { secret } = live;
  const mark = markOf(secret.arn, row.versionId, secret.environment);
  const provider = deps.issue(row.provider);
  const version = await readOldVersion(secret.arn, row.versionId, deps);
  const credential = await oldCredentialIn(secret, version);
  if (credential !== undefined) {
    const check = await provider.check({ target: row.target, credential, probe: 'none', times: 1 });
    if (isSomebodyElses(check, mark, row)) return undefined;
    const { key } = check;
    if (key.state !== 'absent') {
      const isClaimed = await claimUnfinished(row, { credential, key }, live, deps);
      if (isClaimed) return { keyId: credential.keyId, credential, mark: formatMark(mark), state: key.state };
      return fromCheck(check, credential, mark, await provider.describe());
    }
  }
  const all = await provider.list({ target: row.target });
  const listed = all.find((key) => key.mark === formatMark(mark));
  if (listed !== undefined) return { ...listed, credential: undefined, mark: formatMark(mark) };
  if (credential !== undefined) return { ...absent, keyId: credential.keyId, credential, mark: formatMark(mark) };
  if (version !== undefined) refuseUnknownKey(secret, version);
  else if (isProvenByValue(await provider.describe())) refuseLostValue(all, live);
  return undefined;
}

// Nothing else told which key it was: it may be any that is there, a stranger's too.
function refuseLostValue(all: readonly ListedKey[], { current }: Live): void {
  if (all.every(({ keyId }) => keyId.reveal() === current.keyId.reveal())) return;
  throw new PermanentError('not-yours', 'The version is gone, and nothing else tells which key it held', {
    field: 'version',
  });
}

// What is no JSON at all was pasted by mistake and holds no key. Fields that stand elsewhere may hold one that nobody knows any more.
function refuseUnknownKey(secret: ManagedSecret, version: SecretVersion): void {
  try {
    credentialIn(secret, version);
  } catch (error) {
    if (!(error instanceof PermanentError) || error.field !== 'SecretString') throw error;
  }
}

const absent = { state: 'absent' } as const;

// What a person pasted by mistake and took back: the key of another secret, which that secret retires, or a key id with a secret that never worked.
function isSomebodyElses({ key }: CheckResult, mark: Mark, { stage }: Superseded): boolean {
  if (key.state === 'absent' || stage === 'disabled') return false;
  const owner = ownership(key.mark, mark);
  return owner === 'other-secret' || (owner !== 'this-secret' && key.secretMatches === false);
}

function fromCheck({ key }: CheckResult, credential: Credential, mark: Mark, capabilities: Capabilities): OldKey {
  const base = { keyId: credential.keyId, credential, mark: formatMark(mark) };
  if (key.state === 'absent') return { ...base, ...absent };
  if (isOwn(key, mark, capabilities)) return { ...base, state: key.state };
  if (ownership(key.mark, mark) === 'other-secret') {
    throw new PermanentError('shared-key', 'The key bears the mark of another secret');
  }
  throw new PermanentError('not-yours', 'The key does not bear our mark');
}
