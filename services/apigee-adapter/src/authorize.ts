import type { SecretReader } from '@keyturn/aws/secret-store';
import type { ApigeeConfig } from '@keyturn/config/config';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';

import { serviceAccountToken } from './access-token.ts';

/**
 * The whole `authorization` header of a call to the management API, such as `Bearer …`. `refused`: the one that was just answered with 401; it is not
 * given again.
 */
export type Authorize = (refused?: Hidden) => Promise<Hidden>;

type Options = {
  readonly config: Pick<ApigeeConfig, 'auth'>;
  readonly secrets: Pick<SecretReader, 'value'>;
  /** Name or ARN of the secret to prove oneself with: the provider's adminSecret, or its retireSecret. */
  readonly adminSecret: string | undefined;
  readonly http: HttpOptions;
};

/** Authorization as `auth` of the configuration says. */
export function authorizeBy({ config: { auth }, secrets, adminSecret, http }: Options): Authorize {
  if (auth.as !== 'serviceAccount' || adminSecret === undefined) {
    throw new PermanentError('unsupported', `There is no ${auth.as} yet`, { field: 'auth' });
  }
  return serviceAccountToken({ secrets, adminSecret, tokenUrl: auth.tokenUrl, http });
}
