import * as z from 'zod';
import type { Attribute, Fault as FaultType, Seed as SeedType, SeedKey as SeedKeyType } from './simulator.ts';

export const Approval = z.enum(['approved', 'revoked']);
export const ProductStatus = z.enum(['approved', 'revoked', 'pending']);
export const OwnerStatus = z.enum(['active', 'inactive']);
export const Attributes: z.ZodType<Attribute[]> = z.array(z.strictObject({ name: z.string(), value: z.string() }));
export const AppName = z.union([
  z.string(),
  z.strictObject({ developer: z.string(), app: z.string() }),
  z.strictObject({ company: z.string(), app: z.string() }),
  z.strictObject({ appGroup: z.string(), app: z.string() }),
]);

export const SeedKey: z.ZodType<SeedKeyType> = z.strictObject({
  consumerKey: z.string(),
  consumerSecret: z.string(),
  status: Approval.exactOptional(),
  products: z.array(z.union([z.string(), z.strictObject({ name: z.string(), status: ProductStatus })])).exactOptional(),
  attributes: Attributes.exactOptional(),
  scopes: z.array(z.string()).exactOptional(),
  expiresAt: z.number().exactOptional(),
  issuedAt: z.number().exactOptional(),
});
const SeedApp = z.strictObject({
  name: z.string(),
  status: Approval.exactOptional(),
  attributes: Attributes.exactOptional(),
  callbackUrl: z.string().exactOptional(),
  keys: z.array(SeedKey).exactOptional(),
});
const SeedGroup = z.strictObject({
  name: z.string(),
  status: OwnerStatus.exactOptional(),
  apps: z.array(SeedApp).exactOptional(),
});
export const Seed: z.ZodType<SeedType> = z.strictObject({
  products: z
    .array(
      z.strictObject({
        name: z.string(),
        approval: z.enum(['auto', 'manual']).exactOptional(),
        paths: z.array(z.string()),
        scopes: z.array(z.string()).exactOptional(),
      }),
    )
    .exactOptional(),
  developers: z
    .array(
      z.strictObject({
        email: z.string(),
        status: OwnerStatus.exactOptional(),
        apps: z.array(SeedApp).exactOptional(),
      }),
    )
    .exactOptional(),
  companies: z.array(SeedGroup).exactOptional(),
  appGroups: z.array(SeedGroup).exactOptional(),
});
const status = z.int().min(200).max(599);
export const Fault: z.ZodType<FaultType> = z.strictObject({
  surface: z.enum(['management', 'token', 'gateway']),
  method: z.string().exactOptional(),
  path: z.string().exactOptional(),
  node: z.int().exactOptional(),
  skip: z.int().exactOptional(),
  times: z.union([z.int(), z.literal('always')]).exactOptional(),
  afterEffect: z.boolean().exactOptional(),
  answer: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('status'), status, retryAfterSeconds: z.int().exactOptional() }),
    z.strictObject({ kind: z.literal('html'), status }),
    z.strictObject({ kind: z.literal('empty'), status }),
    z.strictObject({ kind: z.literal('silence') }),
    z.strictObject({ kind: z.literal('reset') }),
  ]),
});
