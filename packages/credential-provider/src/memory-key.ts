import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';
import { ownership, parseMark } from '@keyturn/rotation/mark';

import type { MemoryParts } from './memory-parts.ts';
import type { MemoryKey } from './memory-store.ts';

export async function find(
  target: string,
  keyId: string,
  { store, line }: MemoryParts,
): Promise<MemoryKey | undefined> {
  return line.read(() => store.keysOf(target).find((key) => key.keyId === keyId));
}

export function isForeign(key: MemoryKey, mark: string): boolean {
  const ours = parseMark(mark);
  if (ours === undefined) throw refusal('malformed', 'This is no mark', 'mark');
  return !['unmarked', 'this-secret'].includes(ownership(key.mark, ours));
}

export function emptyKey(
  target: string,
  { keyId, secret }: Credential,
  mark: string | undefined,
  { clock, lifetimeMs }: MemoryParts['options'],
): MemoryKey {
  const issuedAt = clock.now();
  const expiresAt = lifetimeMs === undefined ? undefined : issuedAt + lifetimeMs;
  const texts = { keyId: keyId.reveal(), secret: secret.reveal() };
  const nothing = { note: '', approved: [], pending: [], ensured: false };
  return { target, ...texts, enabled: true, mark, issuedAt, expiresAt, ...nothing };
}

export function refusal(reason: Reason, message: string, field: string): PermanentError {
  return new PermanentError(reason, message, { field });
}
