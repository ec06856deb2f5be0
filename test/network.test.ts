import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expiredCertificate } from '@keyturn/http/private-authority';
import { parseYaml } from '@keyturn/local-aws/serverless-variables';
import { expect, onTestFinished, test, vi } from 'vitest';

import { stage } from '../infra/stage.ts';
import { grants, grantsOf, resourcesOf, statement } from './roles.ts';
import { root } from './source-files.ts';
import { composedTemplate, list, pointee, type Template } from './template.ts';

const placed = {
  subnets: ['subnet-0a1b2c3d4e5f60718', 'subnet-0b1c2d3e4f5061728'],
  securityGroups: ['sg-0a1b2c3d4e5f60718'],
};
const behindProxy = { proxy: 'http://proxy.corp.example:3128', proxySecret: 'keyturn/prod/proxy' };

/** The example with these networks. */
function configured(networks: { apigee?: object; notifier?: object }): void {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-network-'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const config = parseYaml(join(root, 'config/example.yaml')) as {
    providers: Record<string, object>;
    notifications: object;
  };
  const second = { ...config.providers['apigee'], network: {} };
  Object.assign(config.providers['apigee']!, { network: networks.apigee ?? {} });
  Object.assign(config.providers, { second });
  Object.assign(config.notifications, { network: networks.notifier ?? {} });
  const path = join(folder, 'stage.yaml');
  writeFileSync(path, JSON.stringify(config));
  vi.stubEnv('KEYTURN_CONFIG', path);
}

type Placed = { vpc?: unknown };
const placementOf = ({ functions }: Template) =>
  Object.fromEntries(
    Object.entries(functions).flatMap(([id, entry]) => {
      const { vpc } = entry as Placed;
      return vpc === undefined || vpc === false ? [] : [[id, vpc]];
    }),
  );
const rolesWith = (template: Template, action: string) => [
  ...new Set(grantsOf(template, action).map(({ role }) => role)),
];

test('without a network no function is in a VPC, and no role touches network interfaces', () => {
  const template = composedTemplate();

  expect(placementOf(template)).toEqual({});
  expect(grantsOf(template, 'ec2:')).toEqual([]);
  expect(stage().notifierVpc).toBe(false);
});

test('places the two functions of a provider where it says, and nothing else', () => {
  configured({ apigee: placed });

  const template = composedTemplate();

  const vpc = { subnetIds: placed.subnets, securityGroupIds: placed.securityGroups };
  expect(placementOf(template)).toEqual({ 'apigee-issue': vpc, 'apigee-retire': vpc });
  expect(rolesWith(template, 'ec2:')).toEqual(['ApigeeIssueRole', 'ApigeeRetireRole']);
});

test('places the notifier where it says, and nothing else', () => {
  configured({ notifier: placed });

  const template = composedTemplate();

  expect(Object.keys(placementOf(template))).toEqual(['notifier']);
  // Its statements are a resource of their own, which CloudFormation would make in any order.
  expect(template.functions['notifier']).toHaveProperty('dependsOn', ['NotifierChannelPolicy']);
  expect(rolesWith(template, 'ec2:')).toEqual(['NotifierRole']);
});

test('interfaces are made in the configured subnets and groups alone, by Lambda and not by the function’s code', () => {
  configured({ apigee: placed });
  const template = composedTemplate();
  const role = 'ApigeeRetireRole';
  const ec2 = grants(template).filter(
    (grant) => grant.role === role && list(grant.statement.Action)[0]?.startsWith('ec2:'),
  );
  const allowed = ec2.filter(({ statement: { Effect } }) => Effect === 'Allow');

  expect(resourcesOf({ role, statement: statement(template, role, 'CreateInterfaces') })).toEqual([
    'arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:network-interface/*',
    ...placed.subnets.map((id) => `arn:\${AWS::Partition}:ec2:\${AWS::Region}:*:subnet/${id}`),
    'arn:${AWS::Partition}:ec2:${AWS::Region}:*:security-group/sg-0a1b2c3d4e5f60718',
  ]);
  for (const grant of allowed.filter((grant) => resourcesOf(grant).includes('*'))) {
    expect(list(grant.statement.Action).every((action) => action.startsWith('ec2:Describe'))).toBe(true);
  }
  const denied = statement(template, role, 'NotByItsOwnCode');
  expect(denied.Effect).toBe('Deny');
  expect(denied.Condition).toEqual({
    ArnEquals: {
      'lambda:SourceFunctionArn': {
        'Fn::Sub': 'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:keyturn-prod-apigee-retire',
      },
    },
  });
  expect(list(denied.Action).toSorted()).toEqual(allowed.flatMap(({ statement }) => list(statement.Action)).toSorted());
});

test.each([
  ['a provider', { apigee: behindProxy }, ['ApigeeIssueRole', 'ApigeeRetireRole']],
  ['the notifier', { notifier: behindProxy }, ['NotifierRole']],
])('the credentials of a proxy are read by who uses it: %s', (_, networks, expected) => {
  configured(networks);
  const template = composedTemplate();

  // The watchdog sees how old it is.
  const readers = grants(template).filter(
    (grant) => grant.role !== 'WatchdogRole' && resourcesOf(grant).some((arn) => arn.includes('keyturn/prod/proxy')),
  );

  expect(readers.map(({ role }) => role)).toEqual(expected);
  expect(readers.map(({ statement: { Action } }) => Action)).toEqual(
    expected.map(() => 'secretsmanager:GetSecretValue'),
  );
  for (const role of expected) {
    const { Condition } = statement(template, role, 'UseKeyOfProxyCredential');
    expect(JSON.stringify(Condition?.['StringLike'])).toContain('secret:keyturn/prod/proxy-??????');
  }
});

test('a bundle of which nothing is valid any more is not deployed', () => {
  configured({ notifier: { caBundle: expiredCertificate } });

  expect(() => stage()).toThrow('notifications.network.caBundle has expired: certificate 1 on 2021-01-01');
});

/** `| function | it calls | endpoints | done for it |` of docs/network.md, by the id of the function. */
function documented(): Record<string, { calls: string[]; endpoints: string[]; forIt: string[] }> {
  const rows = readFileSync(join(root, 'docs/network.md'), 'utf8').matchAll(
    /^\| `([\w<>-]+)` \|([^|]+)\|([^|]+)\|([^|]+)\|/gm,
  );
  const words = (cell = '') => [...cell.matchAll(/`([\w.-]+)`/g)].map(([, word = '']) => word);
  return Object.fromEntries(
    [...rows].map(([, id = '', calls, endpoints, forIt]) => [
      id,
      { calls: words(calls), endpoints: words(endpoints), forIt: words(forIt) },
    ]),
  );
}

const servicesOf = (template: Template, role: string): string[] => [
  ...new Set(
    grants(template)
      .filter((grant) => grant.role === role && grant.statement.Effect === 'Allow')
      .flatMap(({ statement }) => list(statement.Action).map((action) => action.split(':')[0] ?? '')),
  ),
];

test('docs/network.md names for each function every AWS service that its role may call, and no other', () => {
  configured({ apigee: { ...placed, ...behindProxy }, notifier: { ...placed, ...behindProxy } });
  const template = composedTemplate();
  const rows = documented();

  const actual = Object.fromEntries(
    Object.entries(template.functions)
      .filter(([id]) => !id.startsWith('second-'))
      .map(([id, { role }]) => [
        id.replace('apigee-', '<provider>-'),
        servicesOf(template, pointee(role) ?? '').toSorted(),
      ]),
  );

  const told = Object.fromEntries(
    Object.entries(rows).map(([id, { calls, forIt }]) => [id, [...calls, ...forIt].toSorted()]),
  );
  expect(told).toEqual(actual);
});

test('docs/network.md names an endpoint for each service that a function calls itself, but for SES, whose API has none', () => {
  for (const { calls, endpoints } of Object.values(documented())) {
    expect(endpoints.toSorted()).toEqual(calls.filter((service) => service !== 'ses').toSorted());
  }
});
