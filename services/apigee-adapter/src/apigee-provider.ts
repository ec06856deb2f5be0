import type { ApigeeConfig } from '@keyturn/config/config';
import type { Capabilities, CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import type { HttpOptions, Respond } from '@keyturn/http/http-exchange';
import type { NetworkAgents } from '@keyturn/http/network-agents';
import type { Random } from '@keyturn/http/random';
import type { Clock } from '@keyturn/rotation/clock';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import type { Authorize } from './authorize.ts';
import { checkCredential } from './check-credential.ts';
import { locateCredential, markCredential } from './claim-credential.ts';
import { flavours } from './flavour.ts';
import { ensureCredential, proposeCredential } from './issue-credential.ts';
import { manageKeys } from './manage-keys.ts';
import { managementApi } from './management-api.ts';
import { mintCredential } from './mint-credential.ts';
import { readUsage } from './read-usage.ts';
import { disableCredential, enableCredential, listCredentials, removeCredential } from './retire-credential.ts';

type ApigeeOptions = {
  readonly config: ApigeeConfig;
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly random: Random;
  readonly randomBytes: RandomBytes;
  /** The way to the management API and to the gateways. */
  readonly network?: NetworkAgents;
  /** Of one attempt of one call, in milliseconds. */
  readonly timeoutMs?: number;
  /** Who carries a call to Apigee; the network unless given. */
  readonly respond?: Respond;
};

/** The keys of apps in Apigee. Targets: target.ts. */
export function apigeeProvider({ config, authorize, ...options }: ApigeeOptions): CredentialProvider {
  const http: HttpOptions = { ...options, allowHttp: config.allowHttp };
  const flavour = flavours[config.flavour];
  const api = managementApi({ config, flavour, authorize, http });
  const { clock, randomBytes } = options;
  const lastUse = config.analytics && readUsage(api, config.analytics, clock);
  const deps = { keys: manageKeys(api, flavour), lastUse, config, flavour, http, clock, randomBytes };

  return {
    describe: () => Promise.resolve(capabilities(config)),
    locate: ({ credential }) => locateCredential(credential, deps),
    propose: async (request) =>
      config.mint === 'chosen' ? proposeCredential(request.target, deps) : mintCredential(request, deps),
    ensure: (request) => ensureCredential(request, deps),
    mark: (request) => markCredential(request, deps),
    check: (request) => checkCredential(request, deps),
    list: ({ target }) => listCredentials(target, deps),
    disable: (request) => disableCredential(request, deps),
    enable: (request) => enableCredential(request, deps),
    remove: (request) => removeCredential(request, deps),
  };
}

function capabilities(config: ApigeeConfig): Capabilities {
  return {
    clientSuppliedKey: config.mint === 'chosen',
    listOwned: true,
    mark: true,
    reversibleDisable: true,
    overlap: 'multi',
    lastUsed: config.analytics !== undefined,
    propagationMs: config.propagation,
    revocationMs: config.revocation,
    // Apigee could, but an expiry can never be changed: a rotation that stalls would become an outage.
    expiryOnCreate: false,
  };
}
