import { createHash } from 'node:crypto';

import type { TokenConfig } from '@keyturn/config/config';
import { parseMark } from '@keyturn/rotation/mark';

import type { Values } from './fill-template.ts';
import { writeLabel } from './key-label.ts';
import type { TokenKey } from './token-key.ts';

type Wish = {
  readonly mark: string;
  /** Nobody was told of it yet. */
  readonly proposed: boolean;
  readonly like: TokenKey | undefined;
  readonly entitlements: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** What the placeholders of `create` and `replace` stand for. */
export function valuesOfNew({ mark, proposed, like, entitlements, now }: Wish, config: TokenConfig): Values {
  const { expiry, longestLabel, requests } = config;
  const ends = expiry === undefined ? undefined : new Date(now + expiry).toISOString();
  const human = like?.label.human ?? '';
  return {
    label: writeLabel({ human, mark, proposed: proposed && requests.label !== undefined }, longestLabel),
    lineage: parseMark(mark)?.secretHash,
    idempotencyKey: uuidOf(mark),
    entitlements,
    scope: scopeOf(entitlements),
    expiresAt: ends,
    expiresOn: ends?.slice(0, 10),
    expiresIn: expiry === undefined ? undefined : Math.floor(expiry / 1000),
  };
}

/** {scope}: as OAuth writes them; undefined where there are none. */
export const scopeOf = (entitlements: readonly string[]): string | undefined => entitlements.join(' ') || undefined;

// The same for the same version of a secret, and of the form of a UUID.
function uuidOf(mark: string): string {
  const hex = createHash('sha256').update(`idempotency ${mark}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
