import { afterEach, expect, test } from 'vitest';

import { deployTemplate } from './deploy-template.ts';
import { localAws } from './local-aws.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const aws of open.splice(0)) await aws.close();
});

const Parameters = {
  KeyArn: { Type: 'String', Default: '', AllowedPattern: '^(arn:.+)?$' },
  Prefix: { Type: 'String', Default: 'dev' },
  Days: { Type: 'Number', Default: 90, AllowedValues: [30, 90] },
};
const empty = { 'Fn::Equals': [{ Ref: 'KeyArn' }, ''] };
const Conditions = {
  HasKey: { 'Fn::Not': [empty] },
  Live: { 'Fn::Equals': [{ Ref: 'Prefix' }, 'live'] },
  LiveWithKey: { 'Fn::And': [{ Condition: 'HasKey' }, { Condition: 'Live' }] },
  Either: { 'Fn::Or': [{ Condition: 'HasKey' }, { Condition: 'Live' }] },
};
const queue = (name: unknown, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName: name, VisibilityTimeout: 60 },
  ...more,
});
const chosen = (condition: string) => ({ 'Fn::If': [condition, 'yes', 'no'] });
const named = (prefix: string, condition: string) => ({
  'Fn::Join': ['-', [{ Ref: 'Prefix' }, prefix, chosen(condition)]],
});

async function deploy(Resources: object, parameters: Readonly<Record<string, string>> = {}) {
  const aws = await localAws();
  open.push(aws);
  const loadFunction = () => Promise.reject(new Error('There is no function'));
  return deployTemplate(aws, { Parameters, Conditions, Resources }, { loadFunction, parameters });
}
const names = async (deployed: ReturnType<typeof deploy>) =>
  Object.values((await deployed).references).map((url) => url.split('/').at(-1));

test('a parameter is its default, or what the deployment says', async () => {
  const Resources = { A: queue({ 'Fn::Sub': '${Prefix}-${Days}' }) };

  expect(await names(deploy(Resources))).toEqual(['dev-90']);
  expect(await names(deploy(Resources, { Prefix: 'live', Days: '30' }))).toEqual(['live-30']);
});

test.each([
  [{}, ['dev-key-no', 'dev-both-no', 'dev-either-no']],
  [{ KeyArn: 'arn:x' }, ['dev-key-yes', 'dev-both-no', 'dev-either-yes']],
  [{ KeyArn: 'arn:x', Prefix: 'live' }, ['live-key-yes', 'live-both-yes', 'live-either-yes']],
])('conditions choose, combined too: %j', async (parameters, expected) => {
  const Resources = {
    A: queue(named('key', 'HasKey')),
    B: queue(named('both', 'LiveWithKey')),
    C: queue(named('either', 'Either')),
  };

  expect(await names(deploy(Resources, parameters))).toEqual(expected);
});

test('a property that is AWS::NoValue is not there, and a resource whose condition does not hold neither', async () => {
  const noKey = { 'Fn::If': ['HasKey', { Ref: 'KeyArn' }, { Ref: 'AWS::NoValue' }] };
  const properties = {
    QueueName: 'a',
    KmsMasterKeyId: noKey,
    RedrivePolicy: { 'Fn::If': ['HasKey', dead(), novalue] },
  };
  const Resources = {
    A: { Type: 'AWS::SQS::Queue', Properties: properties },
    Dead: queue('dead', { Condition: 'HasKey' }),
  };

  expect(await names(deploy(Resources))).toEqual(['a']);
  expect(await names(deploy(Resources, { KeyArn: 'arn:x' }))).toEqual(['a', 'dead']);
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['a name that is not declared', { Colour: 'red' }, 'no parameter Colour'],
  ['a value that its pattern refuses', { KeyArn: 'alias/x' }, 'KeyArn must not be alias/x'],
  ['a value that is not allowed', { Days: '31' }, 'Days must not be 31'],
  ['text for a number', { Days: 'many' }, 'Days must not be many'],
])('refuses %s, as CloudFormation would', async (_, parameters, message) => {
  await expect(deploy({ A: queue('a') }, parameters)).rejects.toThrow(message);
});

test.each<[string, object, string]>([
  ['a condition that is not defined', queue({ 'Fn::If': ['Nope', 'a', 'b'] }), 'the condition Nope'],
  ['a resource that is not there', queue({ 'Fn::GetAtt': ['Gone', 'QueueName'] }), 'names Gone'],
])('refuses a template that names %s', async (_, resource, message) => {
  await expect(deploy({ A: resource, Gone: queue('gone', { Condition: 'HasKey' }) })).rejects.toThrow(message);
});

const novalue = { Ref: 'AWS::NoValue' };
const dead = () => ({ deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 });
