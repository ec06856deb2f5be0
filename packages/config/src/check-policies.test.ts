import { PermanentError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { parseConfig } from './parse-config.ts';
import { managedSecret } from './managed-secret.ts';
import { acknowledgingReaders } from './readers-of.ts';

/** A stage with one policy that says this, and a provider whose nodes need three minutes. */
const stage = (policy: string) => `
stage: test
providers:
  apigee: { kind: apigee, organization: acme, adminSecret: keyturn/admin, propagation: 3m, revocation: 3m }
shapes:
  pair: { keyId: /key, secret: /secret }
readers:
  agent: { refresh: 5m }
policies:
  standard: { schedule: rate(30 days), readers: [agent], ${policy} }
routes:
  default: { mail: [a@acme.example] }
  orders: {}
notifications: { mail: { from: keyturn@acme.example } }
runbooks: https://runbooks.acme.example
`;

const refusal = (policy: string): string => refusalOf(stage(policy));

function refusalOf(text: string): string {
  try {
    parseConfig(text);
    return 'nothing';
  } catch (error) {
    return error instanceof PermanentError ? error.message : String(error);
  }
}

function policyOf(policy: string) {
  const config = parseConfig(stage(policy));
  const tags = { provider: 'apigee', policy: 'standard', shape: 'pair', owner: 'orders', target: 'app' };
  return managedSecret(
    {
      arn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf',
      name: 'orders',
      tags: Object.fromEntries(Object.entries(tags).map(([name, value]) => [`keyturn:${name}`, value])),
      stages: new Map(),
      rotation: { enabled: true, lambdaArn: undefined, schedule: undefined, nextAt: undefined, lastAt: undefined },
      deletedAt: undefined,
      replicas: [],
    },
    config,
  ).policy;
}

test('where nobody probes the new key it waits twice as long, and a person lets the old one be deleted', () => {
  expect(policyOf('accepts: 3')).toMatchObject({ holdOffMs: 180_000, deletion: 'auto' });
  expect(policyOf('verification: controlPlane')).toMatchObject({ holdOffMs: 360_000, deletion: 'approve' });
});

test('a policy that says it itself is obeyed', () => {
  expect(policyOf('verification: controlPlane, holdOff: 7m, deletion: auto')).toMatchObject({
    holdOffMs: 420_000,
    deletion: 'auto',
  });
  expect(policyOf('deletion: approve')).toMatchObject({ deletion: 'approve' });
});

test('an explicit hold-off that is too short for controlPlane is refused with the sum; dataPlane needs half', () => {
  expect(refusal('verification: controlPlane, holdOff: 5m')).toContain(
    'policies.standard.holdOff: with provider apigee: 5m is too short, it takes 6m = 2 × 3m until every node accepts a new key (propagation), because controlPlane probes none',
  );
  expect(refusal('holdOff: 5m')).toBe('nothing');
});

test('the budget has to cover the doubled hold-off', () => {
  expect(refusal('verification: controlPlane, propagationBudget: 4m')).toContain('propagationBudget');
  expect(refusal('propagationBudget: 4m')).toBe('nothing');
});

test('no key may become too old before its grace is over', () => {
  expect(refusal('grace: 8d')).toContain(
    'policies.standard.maxGrace: 7d is shorter than the grace, 8d; give it at least that',
  );
  expect(refusal('grace: 8d, maxGrace: 8d')).toBe('nothing');
});

test('unless a policy says otherwise it asks nobody about uses, and holds after seven days', () => {
  expect(policyOf('accepts: 3')).toMatchObject({
    unusedForMs: undefined,
    maxGraceMs: 604_800_000,
    afterMaxGrace: 'hold',
  });
});

test.each([
  ['8d', '', /unusedFor: with provider apigee: 8d is too long: the statistics are read 7d back/],
  ['2h', ', lag: 2h', /unusedFor: with provider apigee: 2h is too short, it takes 3h until a call shows/],
  ['2h', '', /^nothing$/],
  ['7d', '', /^nothing$/],
])('a time of no use that the statistics cannot tell is refused: %s%s', (unusedFor, lag, said) => {
  const text = stage(`unusedFor: ${unusedFor}`).replace(
    'revocation: 3m }',
    `revocation: 3m, analytics: { environments: [prod]${lag} } }`,
  );

  expect(refusalOf(text)).toMatch(said);
});

const outage = 'acceptOutage: true, grace: 0s, window: 2h';
const weekly = (policy: string) => stage(policy).replace('rate(30 days)', 'cron(0 3 ? * SUN *)');

test('a policy that accepts an outage says when, and says nothing that is not so', () => {
  expect(refusalOf(weekly(outage))).toBe('nothing');
  expect(refusal(outage)).toContain('policies.standard.schedule: has to be a cron(…) with acceptOutage');
  expect(refusalOf(weekly('acceptOutage: true, grace: 0s'))).toContain('policies.standard.window: is missing');
  expect(refusalOf(weekly('acceptOutage: true, window: 2h'))).toContain(
    'policies.standard.grace: 1d is misleading with acceptOutage, where the old key ends at once: say 0s',
  );
  expect(refusalOf(weekly(`${outage}, holdOff: 3m`))).toContain('policies.standard.holdOff: is of no use');
});

test('without acceptOutage a grace of nothing is refused as ever', () => {
  expect(refusalOf(weekly('grace: 0s, window: 2h'))).toContain(
    'policies.standard.grace: with provider apigee: 0s is too short',
  );
});

/** The same stage with a reader that says this of its acknowledgements. */
const telling = (acknowledges: string, policy = 'grace: 24h') =>
  stage(policy).replace('agent: { refresh: 5m }', `agent: { refresh: 5m, acknowledges: ${acknowledges} }`);

test('a reader that acknowledges does not lapse before it is asked: schedule, grace and margin', () => {
  expect(refusalOf(telling("{ accounts: ['111122223333'], lapse: 31d }"))).toContain(
    'readers.agent.acknowledges.lapse: 31d is too short, it takes 31d 10m for a reader of a policy with rate(30 days): it tells once for each version (schedule + grace + margin)',
  );
  expect(refusalOf(telling("{ accounts: ['111122223333'], lapse: 32d }"))).toBe('nothing');
  expect(refusalOf(telling("{ accounts: ['111122223333'] }"))).toBe('nothing');
});

test.each([
  ['no account', '{ accounts: [] }', 'readers.agent.acknowledges.accounts'],
  ['an account that is none', "{ accounts: ['1111'] }", 'readers.agent.acknowledges.accounts.0'],
  ['a number, which loses its zeroes', '{ accounts: [111122223333] }', 'readers.agent.acknowledges.accounts.0'],
  ['everybody', "{ accounts: ['*'] }", 'readers.agent.acknowledges.accounts.0'],
  ['what there is not', "{ accounts: ['111122223333'], bus: x }", 'readers.agent.acknowledges.bus'],
])('acknowledgements are refused with %s', (_, acknowledges, field) => {
  expect(refusalOf(telling(acknowledges))).toContain(`${field}: `);
});

test('a policy knows which of its readers acknowledge, whose word counts, and for how long', () => {
  const config = parseConfig(telling("{ accounts: ['111122223333', '444455556666'], lapse: 40d }"));

  expect(acknowledgingReaders(['agent'], config)).toEqual([
    { id: 'agent', accounts: ['111122223333', '444455556666'], lapseMs: 3_456_000_000 },
  ]);
});
