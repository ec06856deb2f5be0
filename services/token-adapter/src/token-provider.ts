import type { TokenConfig } from '@keyturn/config/config';
import type { Capabilities, CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import type { HttpOptions, Respond } from '@keyturn/http/http-exchange';
import type { NetworkAgents } from '@keyturn/http/network-agents';
import type { Random } from '@keyturn/http/random';
import type { Clock } from '@keyturn/rotation/clock';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import { checkKey, locateKey } from './check-key.ts';
import { ensureKey, markKey } from './ensure-key.ts';
import { tokenKeys } from './keys.ts';
import { bearsMarks } from './our-mark.ts';
import { proposeKey } from './propose-key.ts';
import { disableKey, enableKey, listedKeys, removeKey } from './retire-key.ts';
import type { SignIn } from './sign-in.ts';
import { tokenApi } from './token-api.ts';

type TokenOptions = {
  readonly config: TokenConfig;
  readonly signIn: SignIn;
  readonly clock: Clock;
  readonly random: Random;
  readonly randomBytes: RandomBytes;
  readonly network?: NetworkAgents;
  /** Of one attempt of one call, in milliseconds. */
  readonly timeoutMs?: number;
  /** Who carries a call to the API; the network unless given. */
  readonly respond?: Respond;
};

/** The keys of any API that the configuration describes. Targets: token-target.ts. */
export function tokenProvider({ config, signIn, ...options }: TokenOptions): CredentialProvider {
  const http: HttpOptions = { ...options, allowHttp: config.allowHttp };
  const keys = tokenKeys(tokenApi({ config, signIn, http }), config);
  const { clock, randomBytes } = options;
  const deps = { keys, config, http, clock, randomBytes };
  return {
    describe: () => Promise.resolve(capabilitiesOf(config)),
    locate: ({ credential }) => locateKey(credential, deps),
    propose: (request) => proposeKey(request, deps),
    ensure: (request) => ensureKey(request, deps),
    mark: (request) => markKey(request, deps),
    check: (request) => checkKey(request, deps),
    list: ({ target }) => listedKeys(target, deps),
    disable: (request) => disableKey(request, deps),
    enable: (request) => enableKey(request, deps),
    remove: (request) => removeKey(request, deps),
  };
}

/** Nothing is claimed but what the description has a request for. */
function capabilitiesOf(config: TokenConfig): Capabilities {
  const { mint, requests, model, key, propagation, revocation, expiry } = config;
  return {
    clientSuppliedKey: mint === 'chosen',
    listOwned: requests.list !== undefined,
    mark: bearsMarks(config),
    reversibleDisable: requests.disable !== undefined && requests.enable !== undefined,
    overlap: model,
    lastUsed: key.lastUsed !== undefined,
    propagationMs: propagation,
    revocationMs: revocation,
    expiryOnCreate: expiry !== undefined,
  };
}
