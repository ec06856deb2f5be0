import { createHash } from 'node:crypto';

import type { LedgerKey } from '@keyturn/aws/ledger';
import { secretHash } from '@keyturn/rotation/mark';
import * as z from 'zod';

// All in partitions `watch#…`: the watchdog may write there, and takes leases; what decides about keys is not its to write.

/** Where the last run stopped: the next one begins behind it. null: at the beginning. */
export const cursor = z.object({ secret: z.string().nullable(), target: z.string().nullable() });
export const cursorKey: LedgerKey = { partition: 'watch#run', row: 'cursor' };

/** What is wrong with one secret by `why`, and when it was told. Times in milliseconds since 1970. */
export const conditions = z.object({
  conditions: z.record(
    z.string(),
    z.object({
      /** What makes it the same condition; another token is told anew. */
      token: z.string(),
      firstSeenAt: z.number(),
      toldAt: z.number().nullable(),
      times: z.int(),
    }),
  ),
});
export type Conditions = z.output<typeof conditions>['conditions'];
/** By the ARN of a secret, or the name that the configuration has for one. */
export const conditionsKey = (secret: string): LedgerKey => ({
  partition: `watch#${secretHash(secret)}`,
  row: 'conditions',
});

/** Where a secret has its key, or had one. Kept until no secret names the place and no key of ours is there any more. */
export const rememberedPlace = z.object({
  provider: z.string(),
  target: z.string(),
  /** Whose owner is told of keys without a secret: one that has its key there, or the last one that had. */
  secret: z.object({ arn: z.string(), name: z.string(), owner: z.string() }),
  /** Since when the provider has told of no such target, or lists no keys, while no secret names it; null: it lists them. */
  missingSince: z.number().nullable(),
});
export type RememberedPlace = z.output<typeof rememberedPlace>;
export const placesPartition = 'watch#places';
export const placeKey = (place: Pick<RememberedPlace, 'provider' | 'target'>): LedgerKey => ({
  partition: placesPartition,
  row: hashOf(place),
});

const hashOf = ({ provider, target }: Pick<RememberedPlace, 'provider' | 'target'>): string =>
  createHash('sha256').update(`${provider}\n${target}`).digest('hex').slice(0, 16);

/** A key that no secret owns. It is known by its mark: no row holds a key id. */
export const unowned = z.object({
  provider: z.string(),
  target: z.string(),
  secretHash: z.string(),
  versionId: z.string(),
  /** A secret that lives in the same target, or lived there last: its owner is told. */
  secretArn: z.string(),
  firstSeenAt: z.number(),
  lastSeenAt: z.number(),
  told: z.boolean(),
  /** As one that nobody ends. */
  toldAsLast: z.boolean().default(false),
  /** `removing`: written before the key is deleted. Once it is not seen any more, that is told. */
  stage: z.enum(['found', 'disabled', 'removing']),
  /** null in stage `disabled`: it may be off, and nobody has looked since whether a secret gives it by now. */
  disabledAt: z.number().nullable(),
});
export type Unowned = z.output<typeof unowned>;
export const unownedPartition = 'watch#unowned';

type Marked = Pick<Unowned, 'provider' | 'target' | 'secretHash' | 'versionId'>;
export const unownedKey = ({ provider, target, secretHash: hash, versionId }: Marked): LedgerKey => ({
  partition: unownedPartition,
  row: `${hashOf({ provider, target })}#${hash}#${versionId}`,
});
