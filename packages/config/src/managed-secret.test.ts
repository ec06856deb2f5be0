import { readFileSync } from 'node:fs';

import type { SecretDescription } from '@keyturn/aws/secret-store';
import { describe, expect, test } from 'vitest';

import { eventFacts } from './event-facts.ts';
import { managedSecret } from './managed-secret.ts';
import { parseConfig } from './parse-config.ts';
import { routeOf } from './route.ts';

const config = parseConfig(readFileSync(new URL('../../../config/example.yaml', import.meta.url), 'utf8'));
const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:payments/orders-AbCdEf';
const tags = {
  'keyturn:provider': 'apigee',
  'keyturn:policy': 'standard',
  'keyturn:shape': 'pair',
  'keyturn:owner': 'payments',
  'keyturn:target': 'developers/ada@acme.example/apps/orders client',
};

test('tags pick provider, policy, shape, owner and target', () => {
  const secret = managedSecret(described(tags), config);

  expect(secret).toMatchObject({
    arn,
    name: 'payments/orders',
    environment: 'prod',
    provider: { id: 'apigee', config: { kind: 'apigee', organization: 'acme-prod' } },
    shape: { id: 'pair', keyId: '/api_key', secret: '/api_secret' },
    owner: 'payments',
    route: { owner: 'payments', slack: 'C0PAYMENTS1', mail: ['payments-oncall@acme.example'] },
    target: 'developers/ada@acme.example/apps/orders client',
  });
});

test.each([
  ['its name', 'keyturn/prod/apigee-admin', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf'],
  ['another name', 'payments/orders', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:keyturn/prod/slack-AbCdEf'],
])('what Keyturn itself uses is not rotated, by whatever it is named: %s', (_, name, itsArn) => {
  const named = {
    ...config,
    notifications: {
      ...config.notifications,
      network: { ...config.notifications.network, proxySecret: itsArn.slice(0, -7) },
    },
  };

  expect(() => managedSecret({ ...described(tags), name, arn: itsArn }, named)).toThrow(
    /Keyturn itself uses this secret/,
  );
});

test('a replica is nothing to rotate: its tags came with it from the Region of its primary', () => {
  expect(() => managedSecret({ ...described(tags), isReplica: true }, config)).toThrow(/is a replica/);
});

test('the policy has its times in milliseconds, and its readers', () => {
  const { policy, timing } = managedSecret(described(tags), config);

  expect(policy).toEqual({
    id: 'standard',
    acceptOutage: false,
    graceMs: 86_400_000,
    soakMs: 604_800_000,
    holdOffMs: 180_000,
    propagationBudgetMs: 3_600_000,
    accepts: 5,
    verification: 'dataPlane',
    probe: 'credential',
    retirement: 'auto',
    deletion: 'auto',
    unusedForMs: undefined,
    maxGraceMs: 604_800_000,
    afterMaxGrace: 'hold',
    schedule: 'rate(30 days)',
    window: '4h',
    approvePendingProducts: false,
    entitlements: [],
    acknowledging: [],
    readers: [
      { id: 'aws-cache', refreshMs: 3_600_000, staleOnErrorMs: 3_600_000, tokenLifetimeMs: 0 },
      { id: 'agent', refreshMs: 300_000, staleOnErrorMs: 0, tokenLifetimeMs: 0 },
      { id: 'token-client', refreshMs: 300_000, staleOnErrorMs: 0, tokenLifetimeMs: 1_800_000 },
    ],
  });
  expect(timing).toEqual({
    marginMs: 600_000,
    eventLagMs: 300_000,
    orphanMinAgeMs: 3_600_000,
    holdRetryMs: 3_600_000,
    stuckAfterMs: 7_200_000,
  });
});

test("the hold-off is the policy's own where it has one", () => {
  const patient = structuredClone(config);
  patient.policies['standard']!.holdOff = 240_000;

  expect(managedSecret(described(tags), patient).policy.holdOffMs).toBe(240_000);
});

test('a runbook is a page for each reason', () => {
  const { runbookUrl } = managedSecret(described(tags), config);

  expect(runbookUrl('quota')).toBe('https://wiki.acme.example/keyturn/runbooks/quota');
  expect(runbookUrl()).toBe('https://wiki.acme.example/keyturn/runbooks');
});

describe('refuses a tag and names it:', () => {
  test.each([
    ['provider', 'kong', 'names a provider that the configuration does not have; it has apigee'],
    ['policy', 'strict', 'names a policy that the configuration does not have'],
    ['shape', 'triple', 'names a shape that the configuration does not have'],
    ['owner', 'nobody', 'names an owner that has no route'],
    ['owner', 'default', 'is default, which is the route of nobody'],
    ['provider', 'constructor', 'names a provider that the configuration does not have'],
    ['owner', '__proto__', 'names an owner that has no route'],
    ['target', 'https://evil.example/app', 'holds a URL; a tag picks ids, the configuration has the URLs'],
    ['provider', 'http://169.254.169.254', 'holds a URL; a tag picks ids, the configuration has the URLs'],
    ['target', 'app?action=approve', 'has characters that an id cannot have'],
    ['target', 'app\nother', 'has characters that an id cannot have'],
    ['target', 'x'.repeat(257), 'has characters that an id cannot have'],
    ['target', '', 'is missing'],
  ])('keyturn:%s is %j', (name, value, problem) => {
    const wrong = described({ ...tags, [`keyturn:${name}`]: value });

    const refuse = () => managedSecret(wrong, config);
    expect(refuse).toThrow(expect.objectContaining({ reason: 'misconfigured', field: `tag keyturn:${name}` }));
    expect(refuse).toThrow(`Tag keyturn:${name} ${problem}`);
  });

  test.each(Object.keys(tags))('%s is missing', (name) => {
    const incomplete = described(Object.fromEntries(Object.entries(tags).filter(([key]) => key !== name)));

    expect(() => managedSecret(incomplete, config)).toThrow(
      expect.objectContaining({ reason: 'misconfigured', field: `tag ${name}`, message: `Tag ${name} is missing` }),
    );
  });
});

describe('a route', () => {
  const everybody = { slack: 'C0KEYTURN01', mail: ['platform@acme.example'], webhooks: [] };

  test("of an owner without addresses has the default's", () => {
    expect(routeOf(config, 'internal-tools')).toEqual({ owner: 'internal-tools', ...everybody });
  });

  test.each(['nobody', '', 'constructor', '__proto__'])(
    'of an owner that is not listed, %j, is the default',
    (owner) => {
      expect(routeOf(config, owner)).toEqual({ owner, ...everybody });
    },
  );

  test('with one address is not mixed with the default', () => {
    expect(routeOf(config, 'partners')).toEqual({
      owner: 'partners',
      slack: undefined,
      mail: ['partners@acme.example'],
      webhooks: ['partners-teams'],
    });
  });
});

describe('what events say of a secret', () => {
  test('comes from its tags and the stage', () => {
    expect(eventFacts(described(tags), config, 'quota')).toEqual({
      secretArn: arn,
      secretName: 'payments/orders',
      provider: 'apigee',
      owner: 'payments',
      environment: 'prod',
      runbookUrl: 'https://wiki.acme.example/keyturn/runbooks/quota',
    });
  });

  test('is unknown where a tag picks nothing, and repeats nothing of the tag', () => {
    const wrong = described({ 'keyturn:provider': 'https://evil.example', 'keyturn:owner': 'constructor' });

    expect(eventFacts(wrong, config)).toMatchObject({ provider: 'unknown', owner: 'unknown' });
  });
});

function described(tags: Record<string, string>): SecretDescription {
  return {
    arn,
    name: 'payments/orders',
    tags,
    stages: new Map(),
    rotation: { enabled: true, lambdaArn: undefined, schedule: undefined, nextAt: undefined, lastAt: undefined },
    deletedAt: undefined,
    replicas: [],
  };
}
