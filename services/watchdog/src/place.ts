import type { LedgerRow } from '@keyturn/aws/ledger';
import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import type { Mark } from '@keyturn/rotation/mark';

import type { RememberedPlace } from './watch-rows.ts';

/** Where keys are. */
export type Place = Pick<RememberedPlace, 'provider' | 'target' | 'secret'> & {
  /** Its row, where no secret names the place any more, be it one that waits for its deletion. */
  readonly deserted: LedgerRow<RememberedPlace> | undefined;
};
/** A key that no secret of the list owns. */
export type Candidate = Place & {
  readonly mark: Mark;
  readonly key: ListedKey;
  /** It is the only enabled key of its place, which no adapter ends. */
  readonly isLast: boolean;
};
/** A place whose keys were listed. */
export type Looked = Place & {
  /** There is no key with the mark of our installation. */
  readonly isEmpty: boolean;
};

export const idOf = ({ provider, target }: Pick<Place, 'provider' | 'target'>): string => `${provider}\n${target}`;
