import { PendingError, PermanentError, reasons, TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

/** docs/adapter-protocol.md describes this version for people who write an adapter in another language. */
export const protocolVersion = 1;

const wireError = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('transient'), message: z.string(), retryAfterMs: z.number().nonnegative().nullish() }),
  z.object({ kind: z.literal('pending'), message: z.string() }),
  z.object({ kind: z.literal('permanent'), message: z.string(), reason: z.enum(reasons), field: z.string().nullish() }),
]);
export type WireError = z.output<typeof wireError>;

/** What an adapter answers. */
export const replySchema = z.discriminatedUnion('ok', [
  z.object({ version: z.literal(protocolVersion), ok: z.literal(true), result: z.unknown().optional() }),
  z.object({ version: z.literal(protocolVersion), ok: z.literal(false), error: wireError }),
]);

/** undefined for a bug: whatever is none of our errors is not an answer. */
export function errorToWire(error: unknown): WireError | undefined {
  if (error instanceof TransientError) {
    return { kind: 'transient', message: error.message, retryAfterMs: error.retryAfterMs };
  }
  if (error instanceof PendingError) return { kind: 'pending', message: error.message };
  if (error instanceof PermanentError) {
    return { kind: 'permanent', message: error.message, reason: error.reason, field: error.field };
  }
  return undefined;
}

const longestText = 500;

/** `clean` takes confidential texts out of what the adapter says. */
export function errorFromWire(error: WireError, clean: (text: string) => string): Error {
  const message = clean(error.message).slice(0, longestText);
  if (error.kind === 'transient') return new TransientError(message, { retryAfterMs: error.retryAfterMs ?? undefined });
  if (error.kind === 'pending') return new PendingError(message);
  const field = typeof error.field === 'string' ? clean(error.field).slice(0, longestText) : undefined;
  return new PermanentError(error.reason, message, { field });
}

/** The first field that is not what it should be, by its path; zod's own message stays out of ours. */
export function fieldOf(error: z.ZodError, whole: string): string {
  const path = error.issues[0]?.path.map(String) ?? [];
  return path.length === 0 ? whole : path.join('.');
}
