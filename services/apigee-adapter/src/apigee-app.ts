import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import type { Owner } from './target.ts';

/** The attribute of a key that holds our mark. */
const markAttribute = 'keyturn';
/** The attribute of a key that Apigee made for a rotation which did not go on yet. */
const proposedAttribute = 'keyturn-proposed';

export type Attribute = { readonly name: string; readonly value: string };

export type ApigeeKey = {
  readonly keyId: Hidden;
  readonly secret: Hidden;
  readonly approved: boolean;
  readonly products: readonly { readonly name: string; readonly status: string }[];
  readonly attributes: readonly Attribute[];
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly issuedAt: number | undefined;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
};

export type ApigeeApp = {
  readonly name: string;
  readonly approved: boolean;
  /** A developer's id may stand in place of the address. undefined: nobody that is known here. */
  readonly owner: Owner | undefined;
  readonly attributes: readonly Attribute[];
  readonly callbackUrl: string;
  readonly keys: readonly ApigeeKey[];
  /** When it was read by Apigee's own clock, which says when a key was issued; in milliseconds since 1970. */
  readonly readAt?: number | undefined;
};

// Apigee X writes an int64 as a string.
const int64 = z.union([z.string().regex(/^-?\d{1,18}$/), z.int()]).transform(Number);

const attributes = z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]);

/** A key by itself and a credential in an app look alike. Lists and texts that are empty are left out. */
export const keySchema = z
  .object({
    consumerKey: z.string().min(1),
    consumerSecret: z.string(),
    status: z.string(),
    apiProducts: z.array(z.object({ apiproduct: z.string(), status: z.string() })).default([]),
    attributes,
    scopes: z.array(z.string()).default([]),
    issuedAt: int64.optional(),
    expiresAt: int64.optional(),
  })
  .transform((key): ApigeeKey => ({
    keyId: hidden(key.consumerKey),
    secret: hidden(key.consumerSecret),
    approved: key.status === 'approved',
    products: key.apiProducts.map(({ apiproduct, status }) => ({ name: apiproduct, status })),
    attributes: key.attributes,
    scopes: key.scopes,
    issuedAt: key.issuedAt,
    // Absent, 0 and -1 all say never.
    expiresAt: key.expiresAt !== undefined && key.expiresAt > 0 ? key.expiresAt : undefined,
  }));

export const appSchema = z
  .object({
    name: z.string().min(1),
    status: z.string(),
    developerId: z.string().optional(),
    developerEmail: z.string().optional(),
    companyName: z.string().optional(),
    appGroup: z.string().optional(),
    attributes,
    callbackUrl: z.string().default(''),
    credentials: z.array(keySchema).default([]),
  })
  .transform((app): ApigeeApp => ({
    name: app.name,
    approved: app.status === 'approved',
    owner: ownerOf(app),
    attributes: app.attributes,
    callbackUrl: app.callbackUrl,
    keys: app.credentials,
  }));

type OwnerNames = {
  readonly [Name in 'companyName' | 'appGroup' | 'developerEmail' | 'developerId']?: string | undefined;
};

function ownerOf({ companyName, appGroup, developerEmail, developerId }: OwnerNames): Owner | undefined {
  if (companyName !== undefined) return { kind: 'companies', name: companyName };
  if (appGroup !== undefined) return { kind: 'appgroups', name: appGroup };
  const developer = developerEmail ?? developerId;
  return developer === undefined ? undefined : { kind: 'developers', name: developer };
}

/** A developer, a company, an app group. */
export const ownerSchema = z
  .object({ email: z.string().optional(), status: z.string() })
  .transform(({ email, status }) => ({ email, active: status === 'active' }));

export function markIn(key: ApigeeKey): string | undefined {
  return key.attributes.find(({ name }) => name === markAttribute)?.value;
}

/** All that is there, with our mark in place of an earlier one. It is nobody's proposal any more. */
export function withMark(attributes: readonly Attribute[], mark: string): Attribute[] {
  const others = attributes.filter(({ name }) => name !== markAttribute && name !== proposedAttribute);
  return [...others, { name: markAttribute, value: mark }];
}

/** The same on a key that nobody was told of yet: until `ensure` it may be a leftover. */
export function asProposed(attributes: readonly Attribute[], mark: string): Attribute[] {
  return [...withMark(attributes, mark), { name: proposedAttribute, value: 'true' }];
}

export function isProposed(key: ApigeeKey): boolean {
  return key.attributes.some(({ name }) => name === proposedAttribute);
}

export function approvedProducts(key: ApigeeKey): string[] {
  return key.products.flatMap(({ name, status }) => (status === 'approved' ? [name] : []));
}

/** What the key may do: a product that waits or was taken back gives nothing, so it is not among them. */
export function entitlementsOf(key: ApigeeKey): string[] {
  return [
    ...approvedProducts(key).map((name) => `product:${name}`),
    ...key.scopes.map((name) => `scope:${name}`),
  ].sort();
}

/** `targetOn`: app and owner are switched on. */
export function stateOf(key: ApigeeKey, targetOn: boolean, now: number): ListedKey['state'] {
  if (!key.approved) return 'disabled';
  return targetOn && !isExpired(key, now) ? 'enabled' : 'unusable';
}

/** Somebody can use it, as far as the key itself decides. */
export function isUsable(key: ApigeeKey, now: number): boolean {
  return key.approved && !isExpired(key, now) && approvedProducts(key).length > 0;
}

function isExpired({ expiresAt }: ApigeeKey, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

export function sameKeyId(key: ApigeeKey, keyId: Hidden): boolean {
  return key.keyId.reveal() === keyId.reveal();
}
