import { createHash } from 'node:crypto';

import { token as tokenSchema } from '@keyturn/config/token-config';
import { credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';
import { readLabel } from '@keyturn/token-adapter/key-label';
import { signInBy } from '@keyturn/token-adapter/sign-in';
import { keysDescription } from '@keyturn/token-adapter/simulated-api.conformance';
import { tokenProvider } from '@keyturn/token-adapter/token-provider';
import type { StoredToken } from '@keyturn/token-api-simulator/simulator';
import { type TokenApiWorld, tokenApiWorld } from '@keyturn/token-api-simulator/token-api-world';

import { callInProcess } from './apigee-call.ts';
import type { LabKey, LabProvider, LabProviderOptions } from './lab-provider.ts';

type Model = 'multi' | 'two-slot';

const urls = { api: 'https://api.tokens.example', gateway: 'https://gateway.tokens.example' };

const configOf = (model: Model) =>
  tokenSchema.parse({
    kind: 'token',
    ...keysDescription,
    model,
    adminSecret: 'keyturn/admin',
    urls,
    propagation: '30s',
    revocation: '3m',
  });
// Parsed once: a run makes thousands of worlds.
const configs = { multi: configOf('multi'), 'two-slot': configOf('two-slot') };

/** One that remembers what it did not know, one that is late in everything, one that learns at once and forgets late; none slower than configured. */
const nodes = [
  { propagationMs: 5000, revocationMs: 0, negativeMs: 10_000 },
  { propagationMs: 30_000, revocationMs: 180_000, negativeMs: 0 },
  { propagationMs: 0, revocationMs: 60_000, negativeMs: 0 },
];

const targets = ['orders', 'billing'] as const;

/** The token adapter as it is shipped, over an API in this process: no sockets, no timers, nothing by chance. */
export function tokenLabProvider(model: Model, options: LabProviderOptions): LabProvider {
  return tokenLab(model, options).provider;
}

/** The same with what stands behind it, for tests. */
export function tokenLab(model: Model, options: LabProviderOptions): { provider: LabProvider; api: TokenApiWorld } {
  const { clock, newText } = options;
  const maxKeys = model === 'two-slot' ? 2 : 30;
  const api = tokenApiWorld({ dialect: 'keys', clock, nodes, maxKeys, pageSize: 20, newText, newId: newText });
  for (const target of targets) api.addTarget(target);
  const config = configs[model];
  const respond = callInProcess({
    ...options,
    hosts: {
      [new URL(urls.api).host]: { name: 'provider', serve: api.management },
      [new URL(urls.gateway).host]: { name: 'gateway', serve: api.gateway },
    },
  });
  const common = { clock, random: () => 0.5, respond };
  const http = { ...common, allowHttp: [] };
  const text = hidden(JSON.stringify(api.admin()));
  const secrets = { value: async () => ({ versionId: 'master', createdAt: 0, text, binary: false }) };
  // As on AWS: two functions, each with a session of its own.
  const adapter = (duty: 'issue' | 'retire') =>
    tokenProvider({
      ...common,
      config,
      randomBytes: bytesOf(newText),
      signIn: signInBy({ config, duty, secrets, http }),
    });
  const provider = { ...seenBehind(api), issue: adapter('issue'), retire: adapter('retire') };
  return { provider: { ...provider, clientSuppliedKey: false, provesPossession: false, targets }, api };
}

// As random as the text: the same in every run, and never the same twice.
function bytesOf(newText: () => string): RandomBytes {
  return (size) => {
    const chunks: Buffer[] = [];
    for (let length = 0; length < size; length += 32) chunks.push(createHash('sha256').update(newText()).digest());
    return Buffer.concat(chunks).subarray(0, size);
  };
}

function seenBehind({ hand, handMade, stored, acceptedBy }: TokenApiWorld) {
  // A person does nothing to a key that the console does not show there.
  const ifThere = (target: string, keyId: string, act: (keyId: string) => void) => {
    if (stored(target).some((key) => key.keyId === keyId)) act(keyId);
  };
  return {
    handMade({ target, mark }: { readonly target: string; readonly mark?: string }) {
      const name = mark === undefined ? 'Orders' : `Orders ${mark}`;
      const { keyId, secret } = handMade({ target, name, scopes: ['read'] });
      return credential(keyId, secret);
    },
    stored: (target: string) => stored(target).map(labKey),
    acceptedBy: ({ secret }: { readonly secret: { reveal(): string } }) => acceptedBy(secret.reveal()),
    hand: {
      remove: (target: string, keyId: string) => ifThere(target, keyId, hand.remove),
      disable: (target: string, keyId: string) => ifThere(target, keyId, hand.disable),
      enable: (target: string, keyId: string) => ifThere(target, keyId, hand.enable),
      changeEntitlements(target: string) {
        const keys = stored(target);
        const taken = keys.some(({ scopes }) => scopes.includes('write'));
        for (const { keyId } of keys) hand.setScopes(keyId, taken ? ['read'] : ['read', 'write']);
      },
      switchOff: hand.switchOff,
      switchOn: hand.switchOn,
    },
  } satisfies Omit<LabProvider, 'issue' | 'retire' | 'clientSuppliedKey' | 'targets'>;
}

function labKey({ keyId, secret, enabled, name, createdAt, scopes }: StoredToken): LabKey {
  const { mark } = readLabel(name);
  return { keyId, secret, enabled, mark, issuedAt: createdAt, entitlements: [...scopes].sort() };
}
