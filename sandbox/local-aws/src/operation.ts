import * as z from 'zod';

import { ServiceError, validation } from './service-error.ts';

/**
 * Who calls: a request that may end before its answer is there. `account`: with an access key id of twelve digits a caller is of that account;
 * undefined: of ours.
 */
export type Call = { readonly signal: AbortSignal; readonly account: string | undefined };

export type Operation = (input: unknown, call: Call) => Promise<unknown>;

/** The operations of a service by AWS's names. */
export type Operations = Readonly<Record<string, Operation>>;

/** An operation with the shape of its input. Members that are not named here are ignored, as AWS does. */
export function operation<Schema extends z.ZodType>(
  schema: Schema,
  handle: (input: z.output<Schema>, call: Call) => unknown,
): Operation {
  return async (input, call) => handle(parseInput(schema, input), call);
}

export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `'${path.join('.')}': ${message}`).join('; ');
  const wrongType = parsed.error.issues.some(
    (issue) => issue.code === 'invalid_type' && !/undefined/.test(issue.message),
  );
  if (wrongType) throw new ServiceError('SerializationException', `The input has another type at ${issues}`);
  throw validation(`${parsed.error.issues.length} validation error detected: ${issues}`);
}

/** Bytes go as base64. */
export const blob = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));

/** AWS's JSON: dates as seconds since 1970, bytes as base64. */
export function toWire(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toWire(member)]));
}
