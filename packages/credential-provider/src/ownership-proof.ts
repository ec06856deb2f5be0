import { PermanentError } from '@keyturn/rotation/errors';
import { ownership, parseMark, type Mark } from '@keyturn/rotation/mark';

import type { Capabilities, CheckResult, KeyState } from './credential-provider.ts';

/** Whose key a check has shown. `secretHash` (see mark.ts) tells which other secret holds the key; compare it with the hashes of known ARNs. */
export type Ownership =
  | { readonly owner: 'this-secret'; readonly marked: boolean; readonly disabled: boolean }
  | { readonly owner: 'other-secret'; readonly secretHash: string }
  | { readonly owner: 'other-installation' }
  | { readonly owner: 'unproven'; readonly why: 'absent' | 'secret-differs' | 'secret-unknown' };

/**
 * Decides from what the provider says. Possession is the secret that the provider stores; where it does not tell, our mark on the key, or a use of
 * the credential that was accepted. It says nothing of whether the key can be used now.
 */
export function provenOwnership({ check, mark }: Proof): Ownership {
  const { key, use } = check;
  if (key.state === 'absent') return { owner: 'unproven', why: 'absent' };
  if (key.secretMatches === false) return { owner: 'unproven', why: 'secret-differs' };

  const bears = ownership(key.mark, mark);
  if (bears === 'other-installation') return { owner: bears };
  if (bears === 'other-secret') return { owner: bears, secretHash: parseMark(key.mark ?? '')?.secretHash ?? 'unknown' };
  const marked = bears === 'this-secret';
  if (key.secretMatches === undefined && !marked && use.outcome !== 'accepted') {
    return { owner: 'unproven', why: 'secret-unknown' };
  }
  return { owner: 'this-secret', marked, disabled: key.state === 'disabled' };
}

/** `mark`: the one that this secret would write; its version does not matter. */
export type Proof = { readonly check: CheckResult; readonly mark: Mark };

/**
 * Proof of possession, before anything is written for a secret: throws PermanentError not-yours, shared-key or key-disabled. `marked`: the key bears
 * this secret's mark already.
 */
export function proveOwnership(proof: Proof): { readonly marked: boolean } {
  const found = provenOwnership(proof);
  if (found.owner === 'unproven') {
    throw new PermanentError('not-yours', unproven[found.why], { field: 'tag keyturn:target' });
  }
  if (found.owner === 'other-installation') {
    throw new PermanentError('not-yours', 'The key bears the mark of another installation', { field: 'mark' });
  }
  if (found.owner === 'other-secret') {
    throw new PermanentError('shared-key', 'The key belongs to another secret', {
      field: otherSecretField(found.secretHash),
    });
  }
  if (found.disabled) throw new PermanentError('key-disabled', 'Somebody disabled the key', { field: 'key' });
  return { marked: found.marked };
}

/**
 * Whether possession stands in for a mark: keys can bear none, and we choose each of them, so that it stands in a version of its secret before it is made. A
 * key is then a secret's own if its value stands in a version of that secret, the provider stores the same, and no other secret gives it to its readers.
 */
export function isProvenByValue({ mark, clientSuppliedKey }: Capabilities): boolean {
  return !mark && clientSuppliedKey;
}

/** Whether a key, checked with the credential that a version holds, is that secret's own to switch on or to end. */
export function isOwn(key: KeyState, mark: Mark, capabilities: Capabilities): boolean {
  if (key.state === 'absent') return false;
  const bears = ownership(key.mark, mark);
  if (bears === 'unmarked') return key.secretMatches === true && isProvenByValue(capabilities);
  return bears === 'this-secret';
}

/** Names the secret that has the key by the hash of its ARN; who can read the ledger finds the name. */
export const otherSecretField = (secretHash: string): string => `secret ${secretHash}`;

/** The hash in a field that `otherSecretField` made. */
export const otherSecretIn = (field: string): string | undefined => /^secret ([0-9a-f]{32})$/.exec(field)?.[1];

const unproven = {
  absent: 'The target has no such key',
  'secret-differs': 'The provider stores another secret for the key',
  'secret-unknown': 'Nothing proves that the secret belongs to the key',
} as const;
