import { randomBytes } from 'node:crypto';

import { token as tokenSchema } from '@keyturn/config/token-config';
import type { TokenConfig } from '@keyturn/config/config';
import type { CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { hidden } from '@keyturn/rotation/hidden';
import type { TokenApiOptions } from '@keyturn/token-api-simulator/simulator';
import { tokenApiSimulator, type TokenApiSimulator } from '@keyturn/token-api-simulator/token-api-simulator';
import type * as z from 'zod';

import { signInBy } from './sign-in.ts';
import { tokenProvider } from './token-provider.ts';

export type SimulatedApi = {
  readonly api: TokenApiSimulator;
  readonly provider: CredentialProvider;
  readonly clock: Clock;
  readonly config: TokenConfig;
  close(): Promise<void>;
};

const nodes = [
  { propagationMs: 5000, revocationMs: 0, negativeMs: 2000 },
  { propagationMs: 30_000, revocationMs: 60_000, negativeMs: 0 },
  { propagationMs: 10_000, revocationMs: 30_000, negativeMs: 0 },
];

/** For tests: the description of the dialect `keys`. */
export const keysDescription = {
  auth: { as: 'headers', headers: { authorization: 'Bearer {master.token}' } },
  targets: { form: '[a-z0-9-]{1,40}', known: ['orders', 'billing', 'unprobed', 'nowhere'] },
  key: {
    keyId: '/id',
    secret: '/secret',
    label: '/name',
    enabled: { at: '/enabled', values: [true] },
    created: '/createdAt',
    expires: '/expiresAt',
    lastUsed: '/lastUsedAt',
    entitlements: '/scopes',
  },
  requests: {
    create: {
      method: 'POST',
      path: '/projects/{target}/keys',
      json: { name: '{label}', scopes: '{entitlements}' },
      failsWhen: [{ at: '/error/code', values: ['key_limit_reached'], means: 'quota' }],
    },
    list: {
      path: '/projects/{target}/keys',
      items: '/keys',
      query: { limit: '3' },
      paging: { as: 'cursor', query: 'cursor', at: '/nextCursor' },
    },
    label: { method: 'PATCH', path: '/projects/{target}/keys/{keyId}', json: { name: '{label}' } },
    entitle: { method: 'PATCH', path: '/projects/{target}/keys/{keyId}', json: { scopes: '{entitlements}' } },
    disable: { method: 'PATCH', path: '/projects/{target}/keys/{keyId}', json: { enabled: false } },
    enable: { method: 'PATCH', path: '/projects/{target}/keys/{keyId}', json: { enabled: true } },
    revoke: { method: 'DELETE', path: '/projects/{target}/keys/{keyId}' },
  },
  probes: [
    {
      id: 'use',
      url: 'gateway',
      path: '/v1/anything',
      headers: { authorization: 'Bearer {secret}' },
      targets: ['orders', 'billing', 'nowhere'],
    },
  ],
} as const satisfies Partial<z.input<typeof tokenSchema>>;

export type Described = {
  readonly simulator?: Partial<TokenApiOptions>;
  /** What stands in the configuration beside what all tests have; `urls` has `api` and `gateway`. */
  readonly describe?:
    | Readonly<Record<string, unknown>>
    | ((api: TokenApiSimulator) => Readonly<Record<string, unknown>>);
  /** Those that exist. */
  readonly targets?: readonly string[];
  /** Its own unless given, which only sleeping moves. */
  readonly clock?: Clock;
};

/** For tests: the simulator over loopback HTTP, and an adapter that works on it by a description. */
export async function simulatedApi({
  simulator,
  describe = keysDescription,
  targets,
  clock = ownClock(),
}: Described = {}): Promise<SimulatedApi> {
  const api = await tokenApiSimulator({ dialect: 'keys', clock, nodes, ...simulator });
  for (const target of targets ?? ['orders', 'billing', 'unprobed']) api.addTarget(target);
  const config = tokenSchema.parse({
    kind: 'token',
    adminSecret: 'token/master',
    allowHttp: ['127.0.0.1'],
    propagation: '30s',
    revocation: '60s',
    urls: { api: api.managementUrl, gateway: api.gatewayUrl },
    ...(typeof describe === 'function' ? describe(api) : describe),
  });
  const common = { clock, random: () => 0.5, timeoutMs: 2000 };
  const secrets = {
    value: async () => ({ versionId: 'v', createdAt: 0, text: hidden(JSON.stringify(api.admin())), binary: false }),
  };
  const http = { ...common, allowHttp: config.allowHttp };
  return {
    api,
    provider: tokenProvider({
      ...common,
      config,
      randomBytes,
      signIn: signInBy({ config, duty: 'issue', secrets, http }),
    }),
    clock,
    config,
    close: () => api.close(),
  };
}

function ownClock(): Clock {
  let now = 1_800_000_000_000;
  return {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
}
