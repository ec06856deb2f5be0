import { createHash } from 'node:crypto';

import { apigeeProvider } from '@keyturn/apigee-adapter/apigee-provider';
import type { Authorize } from '@keyturn/apigee-adapter/authorize';
import { apigeeWorld, type ApigeeWorld } from '@keyturn/apigee-simulator/apigee-world';
import { appNamed } from '@keyturn/apigee-simulator/hand';
import { type Answer, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';
import { type App, type Key, liveKey, productsOf, setProduct } from '@keyturn/apigee-simulator/organization';
import { addKeyByHand, longAgo } from '@keyturn/apigee-simulator/seed-organization';
import type { AppName, NodeTiming, Seed } from '@keyturn/apigee-simulator/simulator';
import { apigee as providerSchema } from '@keyturn/config/apigee-config';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { credential } from '@keyturn/rotation/credential';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';
import * as z from 'zod';

import { callInProcess } from './apigee-call.ts';
import type { LabKey, LabProvider, LabProviderOptions } from './lab-provider.ts';

type Mint = 'chosen' | 'generated';

const organization = 'acme';
const gatewayUrl = 'https://gateway.acme.example';
const probedPath = '/orders/1';
const tokenUrl = 'https://oauth2.googleapis.com/token';
const tokenSeconds = 3599;

const configOf = (mint: Mint) =>
  providerSchema.parse({
    kind: 'apigee',
    mint,
    organization,
    adminSecret: 'keyturn/apigee-admin',
    urls: { gateway: gatewayUrl },
    probes: [
      { id: 'orders', products: ['orders', 'orders-admin'], url: 'gateway', path: probedPath, send: { as: 'header' } },
    ],
    propagation: '30s',
    revocation: '3m',
  });
// Parsed once: a run makes thousands of worlds.
const configs = { chosen: configOf('chosen'), generated: configOf('generated') };

/** One that remembers what it did not know, one that is late in everything, one that learns at once and forgets late; none slower than configured. */
const nodes: readonly NodeTiming[] = [
  { propagationMs: 5000, productPropagationMs: 8000, revocationMs: 0, negativeMs: 10_000 },
  { propagationMs: 20_000, productPropagationMs: 30_000, revocationMs: 180_000, negativeMs: 0 },
  { propagationMs: 0, revocationMs: 60_000, negativeMs: 0 },
];

const apps = {
  'developers/dev@example.com/apps/orders': { developer: 'dev@example.com', app: 'orders' },
  'developers/other@example.com/apps/billing': { developer: 'other@example.com', app: 'billing' },
} as const satisfies Record<string, AppName>;
const targets = [
  'developers/dev@example.com/apps/orders',
  'developers/other@example.com/apps/billing',
] as const satisfies readonly (keyof typeof apps)[];

const seed: Seed = {
  products: [
    { name: 'orders', paths: ['/orders'], scopes: ['read'] },
    { name: 'orders-admin', paths: ['/orders'] },
  ],
  developers: Object.values(apps).map(({ developer, app }) => ({ email: developer, apps: [{ name: app }] })),
};

/** The Apigee adapter as it is shipped, over Apigee in this process: no sockets, no timers, nothing by chance. */
export function apigeeLabProvider(mint: Mint, options: LabProviderOptions): LabProvider {
  return apigeeLab(mint, options).provider;
}

/** The same with what stands behind it, for tests. */
export function apigeeLab(mint: Mint, options: LabProviderOptions): { provider: LabProvider; apigee: ApigeeWorld } {
  const { clock, newText } = options;
  const apigee = apigeeWorld({
    clock,
    organization,
    nodes,
    newText,
    newId: newText,
    accessTokenSeconds: tokenSeconds,
  });
  apigee.seed(seed);
  const config = configs[mint];
  const respond = callInProcess({
    ...options,
    hosts: {
      [new URL(config.managementUrl).host]: { name: 'apigee', serve: apigee.management },
      [new URL(gatewayUrl).host]: { name: 'gateway', serve: apigee.gateway },
      [new URL(tokenUrl).host]: { name: 'google', serve: async () => grant(apigee) },
    },
  });
  const common = { clock, random: () => 0.5, respond };
  // As on AWS: two functions, each with a token of its own.
  const adapter = () =>
    apigeeProvider({
      ...common,
      config,
      randomBytes: bytesOf(newText),
      authorize: tokenBy({ ...common, allowHttp: config.allowHttp }),
    });
  const provider = { ...seenBehind(apigee, options), issue: adapter(), retire: adapter() };
  return { provider: { ...provider, clientSuppliedKey: mint === 'chosen', targets }, apigee };
}

/** Whoever asks gets one: who may ask is another story, and signing takes longer than all the rest. */
function grant(apigee: ApigeeWorld): Answer {
  return jsonAnswer(200, { access_token: apigee.accessToken(), expires_in: tokenSeconds });
}

const granted = z.object({ access_token: z.string(), expires_in: z.number() });

/** As access-token.ts of the adapter asks, but nobody waits for a token that somebody else asked for: that one may be dead, and whoever comes next too. */
function tokenBy(http: HttpOptions): Authorize {
  const { clock } = http;
  const call = { operation: 'ask for an access token', method: 'POST', baseUrl: tokenUrl, path: '' } as const;
  let kept: { readonly authorization: Hidden; readonly until: number } | undefined;
  return async (refused) => {
    if (kept !== undefined && kept.authorization !== refused && clock.now() < kept.until) return kept.authorization;
    const answer = await send({ ...call, body: { form: {} }, idempotent: true }, http);
    const { access_token: token, expires_in: seconds } = parseAnswer(answer, granted);
    kept = { authorization: hidden(`Bearer ${token}`), until: clock.now() + (seconds - 60) * 1000 };
    return kept.authorization;
  };
}

type Seen = Pick<LabProvider, 'handMade' | 'stored' | 'acceptedBy' | 'hand'>;

// As random as the text: the same in every run, and never the same twice.
function bytesOf(newText: () => string): RandomBytes {
  return (size) => {
    const chunks: Buffer[] = [];
    for (let length = 0; length < size; length += 32) chunks.push(createHash('sha256').update(newText()).digest());
    return Buffer.concat(chunks).subarray(0, size);
  };
}

function seenBehind(apigee: ApigeeWorld, { clock, newText }: LabProviderOptions): Seen {
  const { org, hand } = apigee;
  // Asked for after every effect of a run.
  const found = new Map<string, App>(targets.map((target) => [target, appNamed(org, apps[target])]));
  const app = (target: string) => found.get(target) ?? appNamed(org, appOf(target));
  // A person does nothing to a key that the console does not show any more.
  const ifThere = (target: string, keyId: string, act: (name: AppName) => void) => {
    if (liveKey(org, keyId)?.app === app(target)) act(appOf(target));
  };
  return {
    handMade({ target, mark }) {
      const made = { consumerKey: newText(), consumerSecret: newText(), products: ['orders'], scopes: ['read'] };
      const team = { name: 'Team', value: 'Orders' };
      const attributes = mark === undefined ? [team] : [team, { name: 'keyturn', value: mark }];
      addKeyByHand(org, app(target), { ...made, attributes }, clock.now(), longAgo);
      return credential(made.consumerKey, made.consumerSecret);
    },
    stored: (target) => app(target).keys.map(labKey),
    acceptedBy: ({ keyId }) => apigee.acceptedBy(keyId.reveal(), probedPath),
    hand: {
      remove: (target, keyId) => ifThere(target, keyId, (name) => hand.deleteKey(name, keyId)),
      disable: (target, keyId) => ifThere(target, keyId, (name) => hand.setKeyStatus(name, keyId, 'revoked')),
      enable: (target, keyId) => ifThere(target, keyId, (name) => hand.setKeyStatus(name, keyId, 'approved')),
      changeEntitlements(target) {
        const { keys } = app(target);
        const taken = keys.some((key) => productsOf(key).some(({ name }) => name === 'orders-admin'));
        for (const key of keys) setProduct(key, 'orders-admin', taken ? 'absent' : 'approved', clock.now());
      },
      switchOff: (target) => hand.setAppStatus(appOf(target), 'revoked'),
      switchOn: (target) => hand.setAppStatus(appOf(target), 'approved'),
    },
  };
}

function appOf(target: string): AppName {
  const known = targets.find((one) => one === target);
  if (known === undefined) throw new Error(`The lab has no target ${target}`);
  return apps[known];
}

function labKey(key: Key): LabKey {
  const approved = productsOf(key).flatMap(({ name, status }) => (status === 'approved' ? [`product:${name}`] : []));
  return {
    keyId: key.consumerKey,
    secret: key.consumerSecret,
    enabled: key.status.value === 'approved',
    mark: key.attributes.find(({ name }) => name === 'keyturn')?.value,
    issuedAt: key.issuedAt,
    entitlements: [...approved, ...key.scopes.map((name) => `scope:${name}`)].sort(),
  };
}
