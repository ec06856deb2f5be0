import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import type { CheckResult, EnsureRequest, KeyState, ListedKey, ProposeRequest } from './credential-provider.ts';

/**
 * One operation as JSON: what it asks and what it answers. Decoding gives the port's types, encoding the plain JSON of docs/adapter-protocol.md;
 * nowhere else does secret material become a string for the wire.
 */
export type Exchange<Request, Result> = {
  readonly operation: string;
  readonly request: z.ZodType<Request, Record<string, unknown>>;
  readonly result: z.ZodType<Result>;
};

const text = z.string().min(1);
const target = z.string();
const secretText = z.codec(text, z.custom<Hidden>(), { decode: hidden, encode: (value) => value.reveal() });
const credential = z.object({ keyId: secretText, secret: secretText });
const milliseconds = z.number().nonnegative();

const nothing = z.codec(z.unknown(), z.undefined(), { decode: () => undefined, encode: () => null });

const capabilities = z.object({
  clientSuppliedKey: z.boolean(),
  listOwned: z.boolean(),
  mark: z.boolean(),
  reversibleDisable: z.boolean(),
  overlap: z.enum(['multi', 'two-slot', 'none']),
  lastUsed: z.boolean(),
  propagationMs: milliseconds,
  revocationMs: milliseconds,
  expiryOnCreate: z.boolean(),
});

const location = z.codec(z.object({ target }).nullish(), z.custom<{ target: string } | undefined>(), {
  decode: (found) => found ?? undefined,
  encode: (found) => found ?? null,
});

const proposeRequest = z.codec(
  z.object({ target, mark: text, like: credential.nullish(), entitlements: z.array(text).readonly().nullish() }),
  z.custom<ProposeRequest>(),
  {
    decode: (request) => ({
      ...request,
      like: request.like ?? undefined,
      entitlements: request.entitlements ?? [],
    }),
    encode: (request) => request,
  },
);

const ensureRequest = z.codec(
  z.object({
    target,
    credential,
    like: credential.nullish(),
    entitlements: z.array(text).readonly(),
    mark: text,
    approve: z.boolean(),
  }),
  z.custom<EnsureRequest>(),
  { decode: (request) => ({ ...request, like: request.like ?? undefined }), encode: (request) => request },
);

const checkRequest = z.object({
  target,
  credential,
  probe: z.enum(['none', 'credential', 'random']),
  // A probe is a real request; nobody means a thousand of them.
  times: z.int().min(1).max(100),
  usage: z.boolean().optional(),
});

const state = z.enum(['enabled', 'disabled', 'unusable']);
const presentKey = z.codec(
  z.object({
    state,
    secretMatches: z.boolean().nullish(),
    mark: z.string().nullish(),
    entitlements: z.array(z.string()).readonly(),
    issuedAt: milliseconds.nullish(),
    lastUsedAt: milliseconds.nullish(),
  }),
  z.custom<Exclude<KeyState, { state: 'absent' }>>(),
  {
    decode: (key) => ({
      ...key,
      secretMatches: key.secretMatches ?? undefined,
      mark: key.mark ?? undefined,
      issuedAt: key.issuedAt ?? undefined,
      lastUsedAt: key.lastUsedAt ?? undefined,
    }),
    encode: (key) => key,
  },
);

const use = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('not-asked') }),
  z.object({ outcome: z.literal('no-probe') }),
  z.object({ outcome: z.literal('accepted') }),
  z.object({
    outcome: z.literal('rejected'),
    // It is printed for people, so it has to be a code and not a sentence that quotes a key.
    code: z.string().regex(/^[\w.:-]{1,100}$/),
    final: z.boolean(),
  }),
]);
const checkResult: z.ZodType<CheckResult> = z.object({
  key: z.union([z.object({ state: z.literal('absent') }), presentKey]),
  use,
});

const listedKey = z.codec(
  z.object({ keyId: secretText, state, mark: z.string().nullish(), issuedAt: milliseconds.nullish() }),
  z.custom<ListedKey>(),
  {
    decode: (key) => ({ ...key, mark: key.mark ?? undefined, issuedAt: key.issuedAt ?? undefined }),
    encode: (key) => key,
  },
);

const keyRequest = z.object({ target, keyId: secretText, mark: text });

function exchange<Request, Result>(
  operation: string,
  request: z.ZodType<Request, Record<string, unknown>>,
  result: z.ZodType<Result>,
): Exchange<Request, Result> {
  return { operation, request, result };
}

export const describeExchange = exchange('describe', z.object({}), capabilities);
export const locateExchange = exchange('locate', z.object({ credential }), location);
export const proposeExchange = exchange('propose', proposeRequest, credential);
export const ensureExchange = exchange('ensure', ensureRequest, nothing);
export const markExchange = exchange('mark', keyRequest, nothing);
export const checkExchange = exchange('check', checkRequest, checkResult);
export const listExchange = exchange('list', z.object({ target }), z.array(listedKey).readonly());
export const disableExchange = exchange('disable', keyRequest, nothing);
export const enableExchange = exchange('enable', keyRequest, nothing);
export const removeExchange = exchange('remove', keyRequest, nothing);
