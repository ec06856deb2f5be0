import type { ApiGatewayConfig } from '@keyturn/config/config';
import type { Capabilities, CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import type { HttpOptions, Respond } from '@keyturn/http/http-exchange';
import type { NetworkAgents } from '@keyturn/http/network-agents';
import type { Random } from '@keyturn/http/random';
import type { Clock } from '@keyturn/rotation/clock';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import type { ApiKeys, KeySwitch } from './api-keys.ts';
import { checkCredential } from './check-credential.ts';
import { locateCredential, markCredential } from './claim-credential.ts';
import { ensureCredential, proposeCredential } from './issue-credential.ts';
import { readUsage } from './read-usage.ts';
import { disableCredential, enableCredential, listCredentials, removeCredential } from './retire-credential.ts';

type ApiGatewayOptions = {
  readonly config: ApiGatewayConfig;
  readonly api: ApiKeys & KeySwitch;
  readonly clock: Clock;
  readonly random: Random;
  readonly randomBytes: RandomBytes;
  /** The way of probes to the stages. */
  readonly network?: NetworkAgents;
  /** Of one attempt of one probe, in milliseconds. */
  readonly timeoutMs?: number;
  /** Who carries a probe; the network unless given. */
  readonly respond?: Respond;
};

/** API keys of API Gateway's REST APIs. Targets: target.ts. */
export function apigatewayProvider({ config, api, ...options }: ApiGatewayOptions): CredentialProvider {
  const http: HttpOptions = { ...options, allowHttp: config.allowHttp };
  const { clock, randomBytes } = options;
  const lastUse = config.usage && readUsage(api, config.usage, clock);
  const deps = { api, keySwitch: api, lastUse, config, http, clock, randomBytes };

  return {
    describe: () => Promise.resolve(capabilities(config)),
    locate: ({ credential }) => locateCredential(credential, deps),
    propose: async ({ target }) => proposeCredential(target, deps),
    ensure: (request) => ensureCredential(request, deps),
    mark: (request) => markCredential(request, deps),
    check: (request) => checkCredential(request, deps),
    list: ({ target }) => listCredentials(target, deps),
    disable: (request) => disableCredential(request, deps),
    enable: (request) => enableCredential(request, deps),
    remove: (request) => removeCredential(request, deps),
  };
}

function capabilities(config: ApiGatewayConfig): Capabilities {
  return {
    clientSuppliedKey: true,
    listOwned: true,
    mark: true,
    reversibleDisable: true,
    overlap: 'multi',
    lastUsed: config.usage !== undefined,
    propagationMs: config.propagation,
    revocationMs: config.revocation,
    expiryOnCreate: false,
  };
}
