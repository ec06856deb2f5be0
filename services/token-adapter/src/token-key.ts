import { createHash } from 'node:crypto';

import type { TokenConfig } from '@keyturn/config/config';
import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import { holds, jsonAt } from './json-at.ts';
import { readLabel, type Label } from './key-label.ts';

export type TokenKey = {
  readonly keyId: Hidden;
  /** What requests call it by. */
  readonly handle: Hidden;
  /** undefined: this answer does not tell it. */
  readonly secret: Hidden | undefined;
  readonly label: Label;
  readonly enabled: boolean;
  /** Milliseconds since 1970, as the other times. */
  readonly issuedAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly lastUsedAt: number | undefined;
  /** Sorted. undefined: keys have none here, or this answer does not tell them. */
  readonly entitlements: readonly string[] | undefined;
};

const name = z.union([z.string().min(1), z.int().transform(String)]);
const text = z.string().min(1);

/** `told`: the answer is one that tells secrets. PermanentError provider-answer names the field that is missing. */
export function keyIn(
  value: unknown,
  told: boolean,
  { key: at }: Pick<TokenConfig, 'key'>,
  answer: HttpAnswer,
): TokenKey {
  const secret = told ? text.safeParse(jsonAt(value, at.secret)).data : undefined;
  const keyId = typeof at.keyId === 'string' ? name.safeParse(jsonAt(value, at.keyId)).data : hashIn(value, at.keyId);
  if (keyId === undefined) throw without('key.keyId', answer);
  const handle = at.handle === undefined ? keyId : name.safeParse(jsonAt(value, at.handle)).data;
  if (handle === undefined) throw without('key.handle', answer);
  const time = (field: 'created' | 'expires' | 'lastUsed') => {
    const found = timeIn(fieldOf(value, at[field]), field === 'lastUsed');
    if (found === 'unreadable') throw unreadable(`key.${field}`, answer);
    return found;
  };
  const label = z.string().safeParse(fieldOf(value, at.label)).data ?? '';
  return {
    keyId: hidden(keyId),
    handle: hidden(handle),
    secret: secret === undefined ? undefined : hidden(secret),
    label: readLabel(label),
    enabled: at.enabled === undefined || holds(value, at.enabled),
    issuedAt: time('created'),
    expiresAt: time('expires'),
    lastUsedAt: time('lastUsed'),
    entitlements: entitlementsIn(fieldOf(value, at.entitlements), at.entitlementName),
  };
}

const fieldOf = (value: unknown, pointer: string | undefined) =>
  pointer === undefined ? undefined : jsonAt(value, pointer);

/** The key id of a key that has none: it tells which secret it is, and not the secret. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex').slice(0, 32);

function hashIn(value: unknown, { hashOf: at }: { readonly hashOf: string }): string | undefined {
  const secret = text.safeParse(jsonAt(value, at)).data;
  return secret === undefined ? undefined : hashOf(secret);
}

// Seconds since 1970 are smaller than this for 3000 years more, milliseconds were last in 1973.
const mostSeconds = 100_000_000_000;
const dayMs = 86_400_000;
// What else Date.parse takes, it guesses: `3 days ago` is a day of 2001.
const date = /^(\d{4}-\d\d-\d\d|(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d)/;

const said = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);
// The zero of some languages is 1970 or the year 1.
const orNever = (time: number) => (time > 0 ? time : undefined);

/** `latest`: of a day without a time, its end. A last use that nobody understands must not pass for a key that nobody uses. */
function timeIn(value: unknown, latest: boolean): number | undefined | 'unreadable' {
  if ([undefined, null, '', false, 'never'].some((nothing) => nothing === value)) return undefined;
  const number = said.safeParse(value).data;
  if (number !== undefined) return orNever(number < mostSeconds ? number * 1000 : number);
  if (typeof value !== 'string' || !date.test(value)) return 'unreadable';
  const time = Date.parse(value);
  if (Number.isNaN(time)) return 'unreadable';
  return orNever(latest && value.length === 10 ? time + dayMs : time);
}

function entitlementsIn(value: unknown, each: string | undefined): readonly string[] | undefined {
  if (typeof value === 'string') return sorted(value.split(/\s+/).filter((one) => one !== ''));
  const list = z.array(z.unknown()).safeParse(value).data;
  return list && sorted(list.flatMap((one) => name.safeParse(jsonAt(one, each)).data ?? []));
}

const sorted = (names: readonly string[]) => [...new Set(names)].sort();

function without(field: string, { summary }: HttpAnswer): PermanentError {
  return new PermanentError('provider-answer', `${summary}: a key has nothing where ${field} says`, { field });
}

function unreadable(field: string, { summary }: HttpAnswer): PermanentError {
  return new PermanentError('provider-answer', `${summary}: what ${field} says is no time`, { field });
}

export function stateOf({ enabled, expiresAt }: TokenKey, now: number): ListedKey['state'] {
  if (!enabled) return 'disabled';
  return expiresAt !== undefined && expiresAt <= now ? 'unusable' : 'enabled';
}

/** Somebody could use it. A key of an API with entitlements that has none gives nothing. */
export const isUsable = (key: TokenKey, now: number): boolean =>
  stateOf(key, now) === 'enabled' && key.entitlements?.length !== 0;

export const hasId = (keyId: Hidden) => (key: TokenKey) => key.keyId.reveal() === keyId.reveal();
