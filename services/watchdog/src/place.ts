import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import type { Mark } from '@keyturn/rotation/mark';

/** Where keys are, and the live secrets that have theirs there. */
export type Place = { readonly provider: string; readonly target: string; readonly arns: readonly string[] };
/** A key that no secret of the list owns. */
export type Candidate = Place & { readonly mark: Mark; readonly key: ListedKey };

export const idOf = ({ provider, target }: Pick<Place, 'provider' | 'target'>): string => `${provider}\n${target}`;
