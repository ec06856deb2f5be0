import { expect, test } from 'vitest';

import { queueAllows } from './queue-policy.ts';
import { sqsQueues } from './sqs-queues.ts';

const place = { account: '123456789012', region: 'eu-central-1' };
const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:work';
const ruleArn = 'arn:aws:events:eu-central-1:123456789012:rule/facts/all';
const statement = {
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: queueArn,
  Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
};

function allows(policy: unknown): boolean {
  const clock = { now: () => 0, sleep: async () => {} };
  const queues = sqsQueues({ place, clock, url: () => 'http://127.0.0.1', onMessage: () => {} });
  const queue = queues.create('work', { Policy: typeof policy === 'string' ? policy : JSON.stringify(policy) });
  return queueAllows(queue, { principal: 'events.amazonaws.com', sourceArn: ruleArn });
}

test.each<[string, object]>([
  ['the rule', {}],
  ['one of several rules', { Condition: { ArnEquals: { 'aws:SourceArn': ['arn:aws:events:x:1:rule/y', ruleArn] } } }],
  ['rules like it', { Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:123456789012:rule/facts/*' } } }],
  ['the account', { Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } } }],
  ['every rule', { Condition: undefined }],
  ['everybody', { Principal: '*' }],
  ['everything', { Action: ['sqs:*'], Resource: ['*'] }],
])('a policy that names %s allows it', (_, change) => {
  expect(allows({ Statement: [{ ...statement, ...change }] })).toBe(true);
  expect(allows({ Statement: { ...statement, ...change } })).toBe(true);
});

test.each<[string, object]>([
  ['another rule', { Condition: { ArnEquals: { 'aws:SourceArn': `${ruleArn}-2` } } }],
  ['another account', { Condition: { StringEquals: { 'aws:SourceAccount': '999999999999' } } }],
  ['another service', { Principal: { Service: 'sns.amazonaws.com' } }],
  ['another queue', { Resource: `${queueArn}-2` }],
  ['another action', { Action: 'sqs:ReceiveMessage' }],
  ['a condition that is not known here', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }],
  ['it to deny it', { Effect: 'Deny' }],
])('a policy that names %s does not', (_, change) => {
  expect(allows({ Statement: [{ ...statement, ...change }] })).toBe(false);
});

test.each(['', 'nonsense', '{}'])('a policy of %j allows nothing', (policy) => {
  expect(allows(policy)).toBe(false);
});
