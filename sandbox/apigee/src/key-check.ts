import { gatewayFault } from './gateway-fault.ts';
import type { SeenKey } from './gateway-node.ts';
import type { Answer } from './loopback-server.ts';

const service = 'keymanagement.service';
const refused = (errorcode: string, faultstring: string): Answer => gatewayFault(401, errorcode, faultstring);

/** Public sources name no fault of an app group of its own; companies became app groups in X. */
const ownerWords = { developer: 'Developer', company: 'Company', appGroup: 'Company' };

/** What ends a call with this key whatever the path is, in the order in which Apigee looks. */
export function keyFault(key: SeenKey, now: number): Answer | undefined {
  if (key.status === 'revoked') {
    return refused('oauth.v2.ApiKeyNotApproved', 'Invalid ApiKey: not approved');
  }
  if (key.expiresAt !== null && key.expiresAt <= now) {
    return refused(`${service}.consumer_key_expired`, 'Consumer key has expired');
  }
  if (key.appStatus === 'revoked') {
    return refused(`${service}.invalid_client-app_not_approved`, 'App is not approved');
  }
  if (key.ownerStatus === 'inactive') {
    const owner = ownerWords[key.app.owner.kind];
    return refused(`${service}.${owner}StatusNotActive`, `${owner} status is not active`);
  }
  if (key.products.size === 0) {
    return refused(`${service}.consumer_key_missing_api_product_association`, 'Consumer key has no API product');
  }
  return undefined;
}

/** The VerifyAPIKey policy: the key that may come in, or the fault. It looks at the key alone; the secret is never tested. */
export function verifyApiKey(key: SeenKey | undefined, covering: readonly string[], now: number): SeenKey | Answer {
  if (key === undefined) {
    return refused('oauth.v2.InvalidApiKey', 'Invalid ApiKey');
  }
  const fault = keyFault(key, now);
  if (fault === undefined && covering.every((name) => key.products.get(name) !== 'approved')) {
    return refused('oauth.v2.InvalidApiKeyForGivenResource', 'Invalid ApiKey for given resource');
  }
  return fault ?? key;
}
