import { describe, expect, test } from 'vitest';

import { deployment } from './deployment-config.ts';

const account = '111122223333';

test('nothing has to be said: no boundary, no key, logs for 90 days', () => {
  expect(deployment.parse({})).toEqual({
    rolePath: '/',
    logRetention: 90,
    tags: {},
    alarms: { mail: [] },
  });
});

test('what a platform team asks for is taken as it is', () => {
  const asked = {
    permissionsBoundary: `arn:aws:iam::${account}:policy/teams/boundary`,
    rolePath: '/teams/keyturn/',
    kmsKey: `arn:aws:kms:eu-central-1:${account}:key/mrk-0d079340135a48c695c241fb8f496c53`,
    logRetention: 365,
    tags: { 'cost-centre': '4711', 'Owner Team': 'Platform' },
    alarms: { mail: ['platform@example.com'], topic: `arn:aws-cn:sns:cn-north-1:${account}:on-call` },
  };

  expect(deployment.parse(asked)).toEqual(asked);
});

describe('refuses', () => {
  test.each([
    ['the name of a policy', { permissionsBoundary: 'boundary' }],
    ['a path without its last slash', { rolePath: '/teams' }],
    ['a path without its first slash', { rolePath: 'teams/' }],
    ['the alias of a key', { kmsKey: `arn:aws:kms:eu-central-1:${account}:alias/keyturn` }],
    ['days that CloudWatch does not know', { logRetention: 91 }],
    ['days as text', { logRetention: '90' }],
    ["a tag of AWS's", { tags: { 'aws:owner': 'x' } }],
    ['a tag by which roles reach secrets', { tags: { 'keyturn:provider': 'apigee' } }],
    ['the name of a topic', { alarms: { topic: 'on-call' } }],
    ['what is not an address', { alarms: { mail: ['platform'] } }],
    ['a field that does not exist', { boundary: 'x' }],
  ])('%s', (_, given) => {
    expect(deployment.safeParse(given).success).toBe(false);
  });
});
