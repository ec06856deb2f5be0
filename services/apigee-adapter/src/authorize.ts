import type { AwsIdentity } from '@keyturn/aws/aws-identity';
import type { SecretReader } from '@keyturn/aws/secret-store';
import type { ApigeeConfig } from '@keyturn/config/config';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';

import { serviceAccountToken } from './access-token.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { edgeToken } from './edge-token.ts';
import { workloadToken } from './workload-token.ts';

/**
 * The whole `authorization` header of a call to the management API, such as `Bearer …`. `refused`: the one that was just refused; what it came from is
 * read again. The same comes back where there is no other.
 */
export type Authorize = (refused?: Hidden) => Promise<Hidden>;

type Options = {
  readonly config: Pick<ApigeeConfig, 'auth' | 'adminSecret' | 'retireSecret'>;
  /** Retiring has an identity of its own where the configuration names one. */
  readonly duty: 'issue' | 'retire';
  readonly secrets: Pick<SecretReader, 'value'>;
  /** Who this function is to AWS; asked by what is keyless alone. */
  readonly identity: () => Promise<AwsIdentity>;
  readonly http: HttpOptions;
};

/** Authorization as `auth` of the configuration says. */
export function authorizeBy({ config, duty, secrets, identity, http }: Options): Authorize {
  const { auth } = config;
  if (auth.as === 'workloadIdentity') {
    const { retireServiceAccount, ...given } = auth;
    const own = duty === 'retire' ? (retireServiceAccount ?? auth.serviceAccount) : auth.serviceAccount;
    return workloadToken({ auth: { ...given, serviceAccount: own }, identity, http });
  }
  const adminSecret = duty === 'retire' ? (config.retireSecret ?? config.adminSecret) : config.adminSecret;
  if (adminSecret === undefined) {
    throw new PermanentError('misconfigured', `${auth.as} needs a secret`, { field: 'adminSecret' });
  }
  switch (auth.as) {
    case 'serviceAccount':
      return serviceAccountToken({ secrets, adminSecret, tokenUrl: auth.tokenUrl, http });
    case 'oauth':
      return edgeToken({ secrets, adminSecret, tokenUrl: auth.tokenUrl, http });
    case 'basic':
      return basicAuthorization({ secrets, adminSecret, clock: http.clock });
  }
}
